-- SPDX-License-Identifier: GPL-3.0-or-later
-- Strikes, what they were for, who is blocked, and the log of every decision.

CREATE TABLE strikes (
  number        INTEGER PRIMARY KEY,
  record_id     TEXT NOT NULL UNIQUE,
  warning_id    TEXT NOT NULL,
  channel       TEXT NOT NULL,
  user          TEXT NOT NULL,
  user_key      TEXT NOT NULL,
  rule          TEXT NOT NULL,
  spans         TEXT NOT NULL, -- start+length, in code points, separated by spaces
  rules_version TEXT,
  timestamp     INTEGER NOT NULL,
  "limit"       INTEGER NOT NULL,
  strike        INTEGER NOT NULL,
  blocked       INTEGER NOT NULL
) STRICT;
CREATE INDEX strikes_user ON strikes (user_key, number);

-- The texts before masking: in a table of their own because they have a retention of their own, and because nothing
-- that reads strikes at large should come across them.
CREATE TABLE originals (
  record_id TEXT NOT NULL PRIMARY KEY REFERENCES strikes (record_id),
  text      TEXT NOT NULL
) STRICT;

-- Strikes since the last block was lifted or ran out.
CREATE TABLE standings (
  user_key TEXT NOT NULL PRIMARY KEY,
  strikes  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
  user_key  TEXT NOT NULL PRIMARY KEY,
  user      TEXT NOT NULL,
  since     INTEGER NOT NULL,
  until     INTEGER, -- NULL: until a moderator lifts it
  reason    TEXT NOT NULL,
  record_id TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  number    INTEGER PRIMARY KEY AUTOINCREMENT,
  time      INTEGER NOT NULL,
  actor     TEXT, -- NULL: the service itself
  action    TEXT NOT NULL CHECK (action IN ('strike', 'block', 'lift', 'expire')),
  user_key  TEXT NOT NULL,
  record_id TEXT,
  detail    TEXT
) STRICT;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE (ABORT, 'the audit log can only be added to');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
  SELECT RAISE (ABORT, 'the audit log can only be added to');
END;
