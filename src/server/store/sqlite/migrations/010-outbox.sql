-- SPDX-License-Identifier: GPL-3.0-or-later
-- What is accepted and waits to be published (store.write = direct), and for a while after that what was.

CREATE TABLE outbox (
  number    INTEGER PRIMARY KEY AUTOINCREMENT,
  id        TEXT NOT NULL UNIQUE,
  digest    TEXT NOT NULL,
  channel   TEXT NOT NULL,
  signature TEXT,
  record    TEXT NOT NULL,
  time      INTEGER NOT NULL,
  owner     TEXT,    -- whose claim it is
  until     INTEGER, -- and for how long
  done      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_waiting ON outbox (number) WHERE NOT done;
CREATE INDEX outbox_claimed ON outbox (channel, number) WHERE NOT done AND owner IS NOT NULL;
CREATE INDEX outbox_done ON outbox (time) WHERE done;
