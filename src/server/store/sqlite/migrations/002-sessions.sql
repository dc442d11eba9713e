-- SPDX-License-Identifier: GPL-3.0-or-later
-- Who holds which name, and until when.

CREATE TABLE sessions (
  id         TEXT NOT NULL PRIMARY KEY,
  user       TEXT NOT NULL,
  user_key   TEXT NOT NULL UNIQUE,
  token_hash TEXT NOT NULL UNIQUE, -- the token itself is never stored
  bot        INTEGER NOT NULL,
  since      INTEGER NOT NULL,
  lease      INTEGER NOT NULL,
  expires    INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_expires ON sessions (expires);
