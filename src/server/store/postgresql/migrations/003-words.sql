-- SPDX-License-Identifier: GPL-3.0-or-later
-- What is new waits outside the index until it is merged, which holds up one append, and every search reads it: a little
-- at a time costs no more in all.

ALTER INDEX search_words SET (gin_pending_list_limit = 256); -- kB
