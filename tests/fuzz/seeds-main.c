/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a fuzz target once on each file of the directories given: what libFuzzer's -runs=0 does, for any compiler. */
#include <glib.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* A copy of exactly this size, so that AddressSanitizer sees a read past its end. */
static void
run_seed (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *contents = NULL;
  g_autofree uint8_t *exact = NULL;
  gsize length;

  if (!g_file_get_contents (path, &contents, &length, &error))
    g_error ("%s", error->message);
  exact = g_memdup2 (contents, length);
  LLVMFuzzerTestOneInput (exact, length);
}

static guint
run_directory (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) directory = g_dir_open (path, 0, &error);
  const char *name;
  guint n_seeds = 0;

  if (directory == NULL)
    g_error ("%s", error->message);
  while ((name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *seed = g_build_filename (path, name, NULL);

      run_seed (seed);
      n_seeds++;
    }
  return n_seeds;
}

int
main (int argc, char *argv[])
{
  guint n_seeds = 0;

  /* an empty input is a seed that no file needs to be there for */
  LLVMFuzzerTestOneInput ((const uint8_t *)"", 0);
  for (int i = 1; i < argc; i++)
    if (argv[i][0] != '-') /* libFuzzer's options */
      n_seeds += run_directory (argv[i]);
  g_print ("%u seeds\n", n_seeds);
  return n_seeds > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
