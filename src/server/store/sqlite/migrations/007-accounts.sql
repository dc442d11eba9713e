-- SPDX-License-Identifier: GPL-3.0-or-later
-- Names that belong to somebody, invitations to have one, and several sessions of one account.

CREATE TABLE accounts (
  user_key      TEXT NOT NULL PRIMARY KEY,
  user          TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  role          INTEGER NOT NULL CHECK (role IN (0, 1, 2)), -- ChatRole: member, moderator, admin
  disabled      INTEGER NOT NULL,
  created       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE invitations (
  number     INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  token_hash TEXT NOT NULL UNIQUE, -- the token itself is never stored
  "by"       TEXT NOT NULL,
  role       INTEGER NOT NULL CHECK (role IN (0, 1, 2)),
  created    INTEGER NOT NULL,
  expires    INTEGER NOT NULL,
  used_by    TEXT
) STRICT;

CREATE TABLE sessions_of_accounts (
  number     INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  user       TEXT NOT NULL,
  user_key   TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE, -- the token itself is never stored
  bot        INTEGER NOT NULL,
  account    INTEGER NOT NULL, -- whether it is of the account with this key
  since      INTEGER NOT NULL,
  lease      INTEGER NOT NULL,
  expires    INTEGER NOT NULL
) STRICT;
INSERT INTO sessions_of_accounts (id, user, user_key, token_hash, bot, account, since, lease, expires)
  SELECT id, user, user_key, token_hash, bot, 0, since, lease, expires FROM sessions;
DROP TABLE sessions;
ALTER TABLE sessions_of_accounts RENAME TO sessions;
CREATE UNIQUE INDEX sessions_name ON sessions (user_key) WHERE account = 0;
CREATE INDEX sessions_user ON sessions (user_key, since);
CREATE INDEX sessions_expires ON sessions (expires);
