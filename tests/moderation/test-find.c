/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the default lists find, by the way in which it is written. Marks «» stand around what is to be found. */
#include "moderation-test.h"

typedef struct
{
  const char *name;
  const char *language;       /* NULL: all */
  const char *const *phrases; /* up to NULL */
} Table;

static const char *const plain[] = {
  "vaya «mierda» de día",
  "«mierda»",
  "eres un «gilipollas» y un «cabrón»",
  "qué «putas» ganas tengo",
  "los «maricones» esos",
  "una «mierda»... y no vuelvas",
  "eres un «hijo de puta», lo sabes",
  "¡«me cago en la puta»!",
  "se fue al «carajo»",
  "eran unos «gilipollas», «imbéciles» y «pendejos».",
  "«vete a la mierda»",
  "le gusta «follar»",
  "«follándosela» todo el día",
  "este «coñazo» de informe",
  NULL,
};

static const char *const plain_english[] = {
  "what the «fuck» is this",
  "this is «bullshit»",
  "you «motherfucker», stop it",
  "a «piece of shit»",
  "«piss off»!",
  "an «asshole» with «shitty» manners",
  "the build is «fucking» broken",
  "he is a «son of a bitch».",
  "what a «dick»",
  NULL,
};

static const char *const capitals[] = {
  "VAYA «MIERDA» DE DÍA", "«Mierda»", "«mIeRdA»", "«GILIPOLLAS»", "«CABRÓN»", "«IDIOTA»", "«Idiota»", "«COÑO»", NULL,
};

static const char *const accents[] = {
  "«miérda»", "«mïërdà»", "«mîerdä»", "«cabron»", "«imbecil»", "«pûta»", "«fóllar»", "«coño»", "«çulo»", "«puţą»", NULL,
};

/* the same, but the marks are code points of their own and belong to the hit */
static const char *const combining[] = {
  "«mie\u0301rda»",
  "«p\u0308u\u0301t\u0323a\u030a»",
  "«cabro\u0301n»",
  "«con\u0303o»",
  "«CON\u0303O»",
  "«p\u0337\u0340u\u0338\u0341\u0300t\u0489\u035ca\u0334\u0361\u0362» zalgo",
  "una «puta\u0301\u0301», eh",
  "\u0301«puta»",
  NULL,
};

static const char *const digits[] = {
  "«m1erda»", "«m13rd4»",     "«mi3rda»",     "«put4»",    "«cul0»",   "«p0ll4»",      "«g1l1p0ll4s»",
  "«c4br0n»", "«1diota»",     "«imb3c1l»",    "«put@»",    "«put@s»",  "«gilipoll@s»", "«put4$»",
  "«idiot@»", "«m!erda»",     "«g!l!pollas»", "«p€nd€jo»", "«puto» 4", "«m|erda»",     "«pu+a»",
  "«cu1o»",   "«gi1ipo11as»", "«cu|o»",       NULL,
};

static const char *const digits_english[] = {
  "«sh1t»", "«sh!t»", "«5h1t»",  "«b1tch»",    "«b!tch»", "«@sshole»", "«a$$»",        "«a$$hole»",
  "«@ss»",  "«4ss»",  "«phuck»", "«bull5h1t»", "«wh0r3»", "«5lut»",    "«c0ck5ucker»", NULL,
};

static const char *const repeats[] = {
  "«puuuuta»",      "«puuta»",        "«puttta»",   "«ppputa»", "«putaaaaaaaaaaaaa»", "«mmmiiieeerrrdddaaa»",
  "«MIEEEEERDAAA»", "«gilipollllas»", "«jooooder»", NULL,
};

static const char *const repeats_english[] = {
  "«fuuuuuck»", "«fuckkkk»", "«shiiiiit»", "«asssss»", "«assssshole»", "«bullshiiit»", "«boooobs»", NULL,
};

static const char *const spaces[] = {
  "«p u t a»",
  "«p.u.t.a»",
  "«p.u.t.a».",
  "«p-u-t-a»",
  "«p_u_t_a»",
  "«p/u/t/a»",
  "«p, u, t, a»",
  "«p . u . t . a»",
  "«p  u  t  a»",
  "«p\nu\nt\na»",
  "«P U T A»",
  "«m i e r d a»!!",
  "eres una «p u t a» de verdad",
  "y «p u t a» también",
  "es «p u t a» y ya",
  "u n a  «p u t a»",
  "u n a   «p u t a»   y a",
  "«p u  t a»",
  "«p u  t a» y",
  "«pp uu tt aa»",
  "«p u t 4»",
  "«c 0 ñ 0»",
  "«p·u·t·a»",
  "«p😀u😀t😀a»",
  "«p*u*t*a»",
  "**«p*u*t*a»**",
  "«p|u|t|a»",
  "«m+i+e+r+d+a»",
  "«p!u!t!a»!",
  "«p - u - t - a»",
  "«c.a.b.r.ó.n»",
  NULL,
};

static const char *const splits[] = {
  "«pu-ta»",       "«mier-da»",    "«mier.da»",
  "«pu_ta»",       "«pu/ta»",      "«pu😀ta»",
  "«m-ierda»",     "«p.uta»!",     "una «mier-da», vamos",
  "«gili-pollas»", "«cu-lo»",      "«pu~ta»",
  "«mi-er.da»",    "hola/«pu-ta»", "eh😀«pu-ta»",
  "«pu-ta»/no",    NULL,
};

static const char *const phrases[] = {
  "«hijo de puta»",  "«hijodeputa»",    "«hijo-de-puta»",   "«hijo_de_puta»",  "«hijo   de   puta»",
  "«hijo\nde puta»", "«Hijo De Puta»",  "«hijos de puta»",  "«hijo d3 put4»",  "«hiiijo de puuuta»",
  "«hijaputa»",      "«tu puta madre»", "«hijo, de, puta»", "«vetealamierda»", NULL,
};

static const char *const invisible[] = {
  "«pu\u200bta»",       "«p\u200bu\u200bt\u200ba»", "«pu\u200dta»", "«pu\u00adta»",     "«pu\u2060ta»",
  "«pu\ufeffta»",       "«p\u202eu\u202cta»",       "«pu\ufe0fta»", "«pu\U000e0041ta»", "«pu\u034fta»",
  "\u200b«puta»\u200b", "una\u200b «puta»",         NULL,
};

static const char *const look_alikes[] = {
  "«рutа»",     "«рutа» y «mіеrdа»",
  "«сulо»",     "«ρυτα»",
  "«ｐｕｔａ»", "«ＰＵＴＡ»",
  "«𝓹𝓾𝓽𝓪»",     "«𝗽𝘂𝘁𝗮»",
  "«𝚙𝚞𝚝𝚊»",     "«ⓟⓤⓣⓐ»",
  "«🄿🅄🅃🄰»",     "«🅿🆄🆃🅰»",
  "«🅟🅤🅣🅐»",     "«ᴘᴜᴛᴀ»",
  "«ᵖᵘᵗᵃ»",     "«🇵 🇺 🇹 🇦»",
  "«puτα»",     "«cuIo»",
  "«сυⅼо»",     "«мierda»",
  "«Мierda»",   "«cабron»",
  "«ćùłö»",     "«pυтa»",
  "«mıerda»",   "«İdiota»",
  "«ϲulo»",     "«mi℮rd⍺»",
  "«ΜΙΕRDΑ»",   "«роӏӏа»",
  "«ıdıota»",   NULL,
};

static const char *const around[] = {
  "«puta»!",
  "¡«puta»!",
  "¿«puta»?",
  "(«puta»)",
  "\"«puta»\"",
  "“«puta»”",
  "'«puta»'",
  "‘«puta»’",
  "«puta».",
  "«puta»,",
  "«puta»;",
  "«puta»:",
  "«puta»…",
  "…«puta»",
  "*«puta»*",
  "**«puta»**",
  "_«puta»_",
  "~~«puta»~~",
  "#«puta»",
  "-«puta»-",
  "«puta»/«puto»",
  "«puta»\t«puta»",
  "«puta»\n«puta»",
  "«puta»2",
  "2«puta»",
  "«puta»123",
  "«puta$»",
  "$«puta»",
  "«puta»😀",
  "«puta»🇪🇸",
  "🇪🇸«puta»🇲🇽🇦🇷",
  "😀«puta»",
  "hola!«puta»",
  "«puta»!que",
  "calla!«idiota»",
  "«puta».com",
  "si.«puta».no",
  "«puta»(s)",
  "<«puta»>",
  "[«puta»]",
  "«puta»'s",
  "a=«puta»",
  "«puta»™",
  "«puta»\u00a0«puta»",
  "«puta»\u3000«puta»",
  "«puta»—«puta»",
  "«puta»*",
  "a*«puta»*s",
  NULL,
};

/* What counts is the code points of the original. */
static const char *const places[] = {
  "👨‍👩‍👧 «puta»",
  "🏴󠁧󠁢󠁥󠁮󠁧󠁿 «mierda»",
  "ﬁn de «mierda»",
  "e\u0301\u0301 «puta» e\u0301",
  "ﷺ «puta»",
  "½ «puta»",
  "㎏ «puta» ㎏",
  "İ «puta» İ",
  "\u200b\u200b«puta»",
  "𝓪𝓫𝓬 «puta»",
  "漢字 «puta» 漢字",
  "漢«puta»字",
  NULL,
};

static const char *const ligatures[] = { "«ﬀuck»", "«ﬁngerbang»", "oﬃce «fuck»", "«ﬀﬀuck» ﬀ", NULL };

/* Left alone, but for a word of the list that is the whole of it. */
static const char *const other_than_prose[] = {
  "http://puta.com/puta?puta=1#puta «puta»",
  "mira https://example.com/una/mierda, «mierda»",
  "HTTPS://PUTA.COM",
  "(http://puta) «puta»",
  "[enlace](https://example.com/puta) «puta»",
  "www.puta.com «puta»",
  "amqp://puta:5672/mierda",
  "puta.com/mierda y puta.com:8080/x",
  "«puta».com y «puta»://x",
  "http:// «puta» y http «puta»",
  "<puta@mierda.com>, puta.mierda+culo@puta.es «puta»",
  "«puta@» y puta@x",
  "@puta hola, @cabrón: @puta_y_culo; (@puta)",
  "«@sshole» @sshole1",
  "`puta` «puta» ``puta ` puta`` «puta»",
  "`«puta»\n«puta»`",
  "```c\nputa (mierda);\n``` «puta»",
  "```puta``` «puta» ```«puta»",
  "get_puta, puta_count = max_puta_id(«puta»)",
  "«hijo_de_puta» y _«puta»_",
  "/usr/share/puta/mierda.txt ./puta/x ../puta/x ~/mierda/puta «puta»",
  "C:\\puta\\mierda.doc \\\\mierda\\puta «puta»",
  "src/puta.c puta/mierda.txt, «puta»",
  "/«puta» y /«hijo/de/puta», /«hijo/de-puta»",
  "550e8400-caca-41d4-a716-446655440000 deadbeefcaca0",
  NULL,
};

static const char *const code_in_english[] = {
  "550e8400-b00b-41d4-a716-446655440000 «b00b»",
  "/«fucking» «fuck_this» /usr/fuck",
  "get_ass(x), ass_count; self.__cock_size «cock»",
  "@dick @moby_dick «dick»",
  NULL,
};

static const char *const exceptions[] = {
  "la «polla» y la polla chilena",
  "follaje, «follar», follajes",
  "los números subnormales; «eres un subnormal»",
  "vehí-culo y «culo»",
  "una dis-puta y una «puta»",
  NULL,
};

static const char *const exceptions_english[] = {
  "Moby Dick is no «dick»",
  "Tom, Dick and Harry",
  "magna cum laude and «cum»",
  "blue tits and «tits»",
  "a chink in the armour",
  "«pussy» and pussy cat",
  NULL,
};

static const Table tables[] = {
  { "plain", "es", plain },
  { "plain-english", "en", plain_english },
  { "capitals", "es", capitals },
  { "accents", "es", accents },
  { "combining-marks", "es", combining },
  { "digits-and-signs", "es", digits },
  { "digits-and-signs-english", "en", digits_english },
  { "repeats", "es", repeats },
  { "repeats-english", "en", repeats_english },
  { "spaces", "es", spaces },
  { "splits", "es", splits },
  { "phrases", "es", phrases },
  { "invisible", "es", invisible },
  { "look-alikes", "es", look_alikes },
  { "around", "es", around },
  { "places", "es", places },
  { "ligatures", "en", ligatures },
  { "other-than-prose", NULL, other_than_prose },
  { "code-in-english", "en", code_in_english },
  { "exceptions", "es", exceptions },
  { "exceptions-english", "en", exceptions_english },
};

static void
test_table (gconstpointer data)
{
  const Table *table = data;
  g_autoptr (ChatRules) rules = moderation_test_default_rules ();

  for (guint i = 0; table->phrases[i] != NULL; i++)
    moderation_test_check (rules, table->phrases[i], table->language);
}

/* The house's own example. */
static void
test_example (void)
{
  static const char *const languages[] = { "es", NULL };
  g_autoptr (ChatRules) rules = moderation_test_default_rules ();
  g_autoptr (GArray) hits = chat_rules_find (rules, "vaya mierda de día", languages);
  g_autofree char *masked = chat_rules_mask ("vaya mierda de día", hits);
  const ChatHit *hit;

  g_assert_nonnull (hits);
  g_assert_cmpuint (hits->len, ==, 1);
  hit = &g_array_index (hits, ChatHit, 0);
  g_assert_cmpuint (hit->start, ==, 5);
  g_assert_cmpuint (hit->length, ==, 6);
  g_assert_cmpint (hit->severity, ==, CHAT_SEVERITY_MASK);
  g_assert_cmpstr (hit->rule, ==, "es/insults");
  g_assert_cmpstr (masked, ==, "vaya ****** de día");
}

int
main (int argc, char *argv[])
{
  moderation_test_init (&argc, &argv);
  g_test_add_func ("/moderation/find/example", test_example);
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      g_autofree char *path = g_strconcat ("/moderation/find/", tables[i].name, NULL);

      g_test_add_data_func (path, &tables[i], test_table);
    }
  return g_test_run ();
}
