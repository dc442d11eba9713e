/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the default lists must leave alone. */
#include "moderation-test.h"

typedef struct
{
  const char *name;
  const char *language; /* NULL: with all lists */
  const char *const *phrases;
} Table;

/* words that have a word of the lists inside */
static const char *const contain[] = {
  "el vehículo circuló por un artículo ridículo del currículo",
  "la computadora imputa y reputa; hay disputas, diputadas y amputaciones",
  "la reputación del diputado Putin en el Putumayo",
  "un follaje espeso, un folleto y un follón",
  "pollo, pollito, polluelo, Apolo, empollar",
  "vergüenza, convergencia, Vergara, envergadura",
  "maricultura, mariscos, marinas",
  "cabra, cabrito, cabriola, cabrestante",
  "inefable elefante",
  "tetera, tetris, Tetuán, teatro",
  "cojín, recogida, coger el autobús, la concha de la playa",
  "sudadera, sudaccés, trolebús, jotas",
  "cagarruta no, Cagliari sí",
  "cultura, oculto, culpa, inculcar, cúpula",
  "mamá, mamífero, mamut, mampara",
  "hijo de Pedro, hijos de Paco, la hija del rey",
  "class, assassin, assets, passage, grass, bass, Massachusetts",
  "Scunthorpe, Penistone, Clitheroe, Lightwater, Essex, Sussex, Middlesex",
  "Hancock, peacock, cocktail, cockpit, Cockermouth, Hitchcock, Alcock",
  "shiitake, shitake, Matsushita, Yoshitaka",
  "document, circumstance, accumulate, cucumber, cumulus",
  "raccoon, tycoon, cocoon, spicy, suspicious, despicable, Chinkapin",
  "niggardly, niggle, Niger, Nigeria, Montenegro",
  "swank, Wankel, twattle, wanton",
  "title, constitution, titanic, Titicaca, petit",
  "arsenal, arsenic, coarse, parse, sparse",
  "Dickens, Dickinson, predicktion, Benedick",
  "retardant, bastardise",
  "basement, harass, embarrass, compass",
  "therapist, analysis, canal, penalty, sextant, Uranus",
  NULL,
};

static const char *const names[] = {
  "Buenos días, Mr. Cockburn, Anaïs Nin, Penélope Cruz, Concha Velasco",
  "Ana, ANAÍ, José Luis Cuerda, Pinche de cocina, Cullera, Villaconejos, Pajares, Bonner",
  "Íñigo Errejón, Begoña, Iñaki, Peñarol, Coñaripe, Logroño",
  "Sacha Distel, Fanny Ardant, Randy Newman, Gaylord",
  NULL,
};

/* ñ is no n */
static const char *const enye[] = {
  "feliz año nuevo, feliz ano nuevo",
  "un cono de helado, los conos, el cono sur, CONO",
  "un con\u0301o y un co\u00f1ac, la cañada, la campaña",
  NULL,
};

/* words that only together make one of the lists */
static const char *const together[] = {
  "a no ser que...",
  "the pen is mightier",
  "who're you, and who´re they? who’re we?",
  "as soon as possible",
  "pu ta",
  "con o sin",
  "tu ta tu ta",
  "mi erda",
  "as's",
  "he'll",
  "is it?",
  "se xo",
  "a n d",
  "cu, lo que sea",
  "cu... lo",
  NULL,
};

/* letters and digits that spell nothing */
static const char *const technical[] = {
  "Galaxy A55, room 455, 5 5 5, A 5 5, AS400, H2O, MP3, x86_64, UTF-8, I18n, l10n, k8s",
  "a) b) c) d)",
  "1 2 3 4 5 6 7 8 9 0",
  "A S D F",
  "W A S D",
  "Q W E R T Y",
  "a b c d e f g h i j k l m n o p q r s t u v w x y z",
  "f(x) = a * s * s",
  "a*s*s",
  "p**u**t**a",
  "m**rda y f*ck",
  "******",
  "A+B+C, C++ y C#, a|b|c",
  "!!! ??? ¡¡¡ $$$ @@@ |||",
  "v e h i c u l o",
  "C-u M-x align-regexp",
  "ve-hi.cu-lo-so",
  "x/m.ie-rda",
  "commit 4545fa9",
  "p ...... u ...... t ...... a",
  "c      u      l      o",
  "c.l.a.s.s",
  "e l  v e h i c u l o",
  "s o s",
  "10:30, 2021-10-10T10:10:10Z, 192.168.1.10:5672",
  "commit 4c4b4a4f0e, sha256:deadbeef01, 0xB00B0, #ff00aa",
  "SELECT COUNT(*) FROM t WHERE id = 1;",
  "git@example.com:grupo/repo.git",
  "ver example.com/a?b=c",
  "foo_bar_baz(), __init__, SCREAMING_CASE",
  "@ana @eco: hola",
  "🇸🇭🇮🇹 🇿🇦🇸🇸 🇸🇸🇦🇸🇸🇪",
  "¯\\_(ツ)_/¯ (╯°□°)╯︵ ┻━┻ ༼ つ ◕_◕ ༽つ",
  "👍🏽 👨‍👩‍👧‍👦 🇪🇸 🇲🇽 ❤️ ✊🏿 1️⃣2️⃣3️⃣",
  "\u200b\u200d\ufeff",
  "",
  " ",
  "\n",
  "-",
  "´`¨^",
  "-- -- ## ** == __",
  "http://",
  "www.",
  "@",
  "`",
  "``",
  "```",
  "/",
  "//",
  "\\",
  "~",
  "./",
  ":",
  "://",
  NULL,
};

static const char *const other_scripts[] = {
  "Привет, как дела? Сегодня хорошая погода.",
  "Καλημέρα, τι κάνεις σήμερα;",
  "مرحبا كيف حالك اليوم",
  "שלום מה שלומך היום",
  "こんにちは、元気ですか",
  "今天天气很好",
  "안녕하세요 오늘 날씨가 좋네요",
  "नमस्ते आप कैसे हैं",
  "สวัสดีวันนี้อากาศดี",
  "Chào buổi sáng, bạn khỏe không",
  "Dzień dobry, jak się masz? Łódź, źdźbło",
  "İstanbul'da ışık",
  "ﷺ ﷽ ﻻ",
  "ᚠᚢᚦᚨᚱᚲ ⠏⠥⠞⠁",
  NULL,
};

/* words of one language in a channel of the other */
static const char *const spanish_only[]
    = { "un gato negro, Río Negro, mi amigo Kike, el retardo del tren, cum grano salis", NULL };
static const char *const english_only[]
    = { "a polla of ramen, mama mia, the jode of life, Ramera street, pendejo", NULL };

static const Table tables[] = {
  { "contain", NULL, contain },
  { "names", "es", names },
  { "enye", NULL, enye },
  { "together", NULL, together },
  { "technical", NULL, technical },
  { "other-scripts", NULL, other_scripts },
  { "of-spanish", "es", spanish_only },
  { "of-english", "en", english_only },
};

static void
test_table (gconstpointer data)
{
  const Table *table = data;
  g_autoptr (ChatRules) rules = moderation_test_default_rules ();

  for (guint i = 0; table->phrases[i] != NULL; i++)
    moderation_test_check (rules, table->phrases[i], table->language);
}

int
main (int argc, char *argv[])
{
  moderation_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      g_autofree char *path = g_strconcat ("/moderation/innocent/", tables[i].name, NULL);

      g_test_add_data_func (path, &tables[i], test_table);
    }
  return g_test_run ();
}
