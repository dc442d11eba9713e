/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/bot/chat-help-topics.h"

#include <string.h>

/* Both languages in one place, and not through gettext: the answer is in the language of the question, not in that of
 * the machine. In an answer "%limit%" stands for the strikes until a block. */

typedef enum
{
  SPANISH,
  ENGLISH,
  N_LANGUAGES
} Language;

typedef struct
{
  /* Folded: small, without accents; a word that ends in * is the beginning of one. */
  const char *words[N_LANGUAGES];
  const char *answers[N_LANGUAGES];
} Topic;

static const Topic topics[] = {
  { { "comando* orden ordenes barra atajo*", "command* slash shortcut*" },
    { "Órdenes que se escriben en el cuadro de texto:\n"
      "`/users` quién está · `/mymsgs` mis mensajes · `/join canal` entrar · `/leave` salir · `/topic texto` cambiar "
      "el "
      "tema · `/me hace algo` · `/msg nombre texto` en privado · `/search palabras` buscar · `/goto fecha` ir a un día "
      "· "
      "`/exit` cerrar.\n"
      "Con Tabulador se completan; Ctrl+? muestra los atajos del teclado.",
      "Commands for the text box:\n"
      "`/users` who is here · `/mymsgs` my messages · `/join channel` · `/leave` · `/topic text` change the topic · "
      "`/me "
      "does something` · `/msg name text` in private · `/search words` · `/goto date` go to a day · `/exit` close.\n"
      "Tab completes them; Ctrl+? shows the keyboard shortcuts." } },
  { { "modera* aviso* asterisco* censura* tacha* palabrota* insulto* advertencia* regla* normas strike*",
      "moderat* warning* asterisk* mask* censor* swear* insult* rule* strike*" },
    { "Todo mensaje pasa por las listas de palabras de la casa. Lo que encuentran lo ven los demás como asteriscos, y "
      "quien lo escribió recibe un aviso que dice qué regla fue y qué palabra; nadie más ve ese aviso. Con %limit% "
      "avisos "
      "se bloquea a quien escribe hasta que un moderador lo levante. Si un aviso no es justo, se puede recurrir: botón "
      "*Recurrir* del propio aviso.",
      "Every message goes through this site's word lists. Others see what they find as asterisks, and whoever wrote it "
      "gets a warning that says which rule it was and which word; nobody else sees that warning. At %limit% warnings "
      "the "
      "author is blocked until a moderator lifts it. If a warning isn't fair, appeal: the *Appeal* button on the "
      "warning "
      "itself." } },
  { { "recurr* recurso* apela* bloque* injust* queja* desbloque*", "appeal* block* unblock* unfair* complain*" },
    { "Cada aviso tiene un botón *Recurrir*: escribe por qué no es justo, y un moderador lo decide. Si te da la razón, "
      "el aviso deja de contar, y si por él hubo un bloqueo (con %limit% avisos lo hay), se levanta. Quien está "
      "bloqueado no puede escribir, pero sí entrar, ver sus avisos, recurrir y borrar sus propios mensajes.",
      "Each warning has an *Appeal* button: write why it isn't fair, and a moderator decides. If it is granted, the "
      "warning no longer counts, and a block that it led to (there is one at %limit% warnings) is lifted. Whoever is "
      "blocked can't write, but can sign in, see the warnings, appeal, and delete messages of their own." } },
  { { "fecha* dia dias ayer historia* antiguo* antes calendario", "date* day yesterday history older past calendar" },
    { "Para ir a una fecha: Ctrl+G, o `/goto 2026-11-03` (también con hora: `/goto 2026-11-03 10:30`). Una barra dice "
      "qué día se ve, y *Volver a ahora* regresa al final. Subiendo por la conversación se cargan los mensajes "
      "anteriores.",
      "To go to a date: Ctrl+G, or `/goto 2026-11-03` (with a time too: `/goto 2026-11-03 10:30`). A bar says which "
      "day "
      "you see, and *Back to now* returns to the end. Scrolling up loads earlier messages." } },
  { { "busc* busqueda encontrar encuentr*", "search* find look" },
    { "Para buscar: Ctrl+F en este canal, Ctrl+Mayús+F en todos, o `/search palabras`. Las comillas buscan una frase "
      "exacta (\"línea dos\"), y un asterisco al final, palabras que empiezan así (`inciden*`). Lo más nuevo sale "
      "primero.",
      "To search: Ctrl+F in this channel, Ctrl+Shift+F everywhere, or `/search words`. Quotation marks look for an "
      "exact "
      "phrase (\"line two\"), an asterisk at the end for words that begin so (`inciden*`). The newest come first." } },
  { { "privad* directo solas conversacion*", "private* direct conversation* dm" },
    { "Para hablar en privado: `/msg nombre texto`, o *Conversación privada* en el menú de una persona. Solo la ven "
      "sus "
      "miembros; las listas de palabras valen también allí.",
      "To talk in private: `/msg name text`, or *Private conversation* in somebody's menu. Only its members see it; "
      "the "
      "word lists hold there too." } },
  { { "edita* corregir borra* eliminar reaccion* emoji* responder cita* denuncia*",
      "edit* correct delet* remov* react* emoji* reply quote* report*" },
    { "En el menú de un mensaje: responder, reaccionar con un emoji, copiar, editar y borrar (los propios) o "
      "denunciarlo a los moderadores (los de otros). La flecha ↑ en el cuadro vacío edita el último mensaje propio.",
      "In a message's menu: reply, react with an emoji, copy, edit and delete (your own), or report it to the "
      "moderators "
      "(others'). The ↑ key in the empty box edits your last message." } },
  { { "canal* entrar salir tema unirse crear", "channel* join leave topic create" },
    { "Ctrl+K salta a cualquier canal. `/join canal` entra en uno y `/leave` sale; `/topic texto` cambia su tema. Los "
      "no leídos llevan su número, y @ si te nombran.",
      "Ctrl+K jumps to any channel. `/join channel` enters one and `/leave` leaves it; `/topic text` changes its "
      "topic. "
      "Unread ones have their number, and @ if somebody names you." } },
  { { "gracias", "thanks thank" }, { "De nada.", "You're welcome." } },
};

static const Topic overview = {
  /* words that tell the language, and no topic */
  { "hola ayuda ayudame que como donde cuando quien cual cuales puedo puede se el la los las lo un una de del en para "
    "por con no me mi es hay hacer hago veo ver escribir mensaje* buenas funciona",
    "hello hi help what how where when who which can could does do is are the a an of in to for with not my me i there "
    "make see write message* works work" },
  { "Puedo explicar: *órdenes* · *moderación* · *recurrir* un aviso o un bloqueo · ir a una *fecha* · *buscar* · "
    "mensajes "
    "*privados* · *editar* y borrar · *canales*. Basta con preguntar, por ejemplo: «¿cómo busco un mensaje?»",
    "I can explain: *commands* · *moderation* · how to *appeal* against a warning or a block · going to a *date* · "
    "*search* · *private* messages · *editing* and deleting · *channels*. Just ask, as in: “how do I search for a "
    "message?”" },
};

#define OTHER_LANGUAGE "\nIn English: “help”."

/* Small letters without accents; all that is no letter or digit becomes a space. */
static char *
fold (const char *text)
{
  g_autofree char *decomposed = g_utf8_normalize (text, -1, G_NORMALIZE_ALL);
  GString *folded = g_string_new (NULL);

  for (const char *at = decomposed; at != NULL && *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      if (g_unichar_ismark (c))
        continue;
      if (g_unichar_isalnum (c))
        g_string_append_unichar (folded, g_unichar_tolower (c));
      else
        g_string_append_c (folded, ' ');
    }
  return g_string_free (folded, FALSE);
}

static gboolean
is_one_of (const char *word, const char *const *patterns)
{
  for (; *patterns != NULL; patterns++)
    {
      gsize length = strlen (*patterns);
      if ((*patterns)[length - 1] == '*' ? strncmp (word, *patterns, length - 1) == 0 : strcmp (word, *patterns) == 0)
        return TRUE;
    }
  return FALSE;
}

static guint
count (const char *const *question, const char *patterns)
{
  g_auto (GStrv) list = g_strsplit (patterns, " ", -1);
  guint n = 0;

  for (; *question != NULL; question++)
    if (**question != '\0' && is_one_of (*question, (const char *const *)list))
      n++;
  return n;
}

/* The topic with the most words in the question, the first of equals; the overview where there is none. Adds what it
 * finds of each language to @scores. */
static const Topic *
find_topic (const char *const *question, guint scores[N_LANGUAGES])
{
  const Topic *found = &overview;
  guint best = 0;

  for (guint i = 0; i < G_N_ELEMENTS (topics); i++)
    {
      guint spanish = count (question, topics[i].words[SPANISH]), english = count (question, topics[i].words[ENGLISH]);

      scores[SPANISH] += spanish;
      scores[ENGLISH] += english;
      if (MAX (spanish, english) > best)
        {
          best = MAX (spanish, english);
          found = &topics[i];
        }
    }
  return found;
}

char *
chat_help_answer (const char *question, guint strike_limit)
{
  guint scores[N_LANGUAGES] = { 0 };
  g_autofree char *folded = fold (question);
  g_auto (GStrv) words = g_strsplit (folded, " ", -1);
  const Topic *topic = find_topic ((const char *const *)words, scores);

  for (guint i = 0; i < N_LANGUAGES; i++)
    scores[i] += count ((const char *const *)words, overview.words[i]);

  gboolean is_english = scores[ENGLISH] > scores[SPANISH];
  gboolean is_neither = scores[ENGLISH] == 0 && scores[SPANISH] == 0;
  g_autofree char *limit = g_strdup_printf ("%u", strike_limit);
  g_autoptr (GString) answer = g_string_new (topic->answers[is_english ? ENGLISH : SPANISH]);

  g_string_replace (answer, "%limit%", limit, 0);
  if (is_neither)
    g_string_append (answer, OTHER_LANGUAGE);
  return g_string_free (g_steal_pointer (&answer), FALSE);
}
