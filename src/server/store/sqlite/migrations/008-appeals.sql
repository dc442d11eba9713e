-- SPDX-License-Identifier: GPL-3.0-or-later
-- Strikes that no longer count, appeals, reports, the site's own rules; and an audit log of more than strikes.

ALTER TABLE strikes ADD COLUMN forgiven INTEGER;
CREATE INDEX strikes_time ON strikes (timestamp);

-- Up to which strike they do not count any more since a block was lifted or ran out.
CREATE TABLE standings_since (
  user_key TEXT NOT NULL PRIMARY KEY,
  base     INTEGER NOT NULL -- a strike's number
) STRICT, WITHOUT ROWID;
INSERT INTO standings_since
  SELECT user_key, max (number) FROM (
    SELECT strikes.user_key, number, coalesce (standings.strikes, 0) AS counted,
      row_number () OVER (PARTITION BY strikes.user_key ORDER BY number DESC) AS place
    FROM strikes LEFT JOIN standings USING (user_key)
  ) WHERE place > counted GROUP BY user_key;
DROP TABLE standings;
ALTER TABLE standings_since RENAME TO standings;

CREATE TABLE appeals (
  number    INTEGER PRIMARY KEY,
  id        TEXT NOT NULL UNIQUE,
  record_id TEXT NOT NULL UNIQUE REFERENCES strikes (record_id),
  user      TEXT NOT NULL,
  user_key  TEXT NOT NULL,
  text      TEXT,
  time      INTEGER NOT NULL,
  verdict   TEXT CHECK (verdict IN ('granted', 'rejected')),
  "by"      TEXT,
  remark    TEXT,
  decided   INTEGER -- NULL: it waits
) STRICT;
CREATE INDEX appeals_user ON appeals (user_key, number);
CREATE INDEX appeals_open ON appeals (number) WHERE decided IS NULL;

CREATE TABLE reports (
  number   INTEGER PRIMARY KEY,
  id       TEXT NOT NULL UNIQUE,
  target   TEXT NOT NULL,
  channel  TEXT NOT NULL,
  user     TEXT NOT NULL,
  user_key TEXT NOT NULL, -- of who reports
  reason   TEXT,
  time     INTEGER NOT NULL,
  "by"     TEXT,
  remark   TEXT,
  closed   INTEGER -- NULL: it waits
) STRICT;
CREATE INDEX reports_user ON reports (user_key, number);
CREATE UNIQUE INDEX reports_open ON reports (user_key, target) WHERE closed IS NULL;
CREATE INDEX reports_waiting ON reports (number) WHERE closed IS NULL;

CREATE TABLE rules (
  revision INTEGER PRIMARY KEY,
  text     TEXT NOT NULL,
  "by"     TEXT NOT NULL,
  remark   TEXT,
  time     INTEGER NOT NULL
) STRICT;

CREATE TABLE audit_of_all (
  number    INTEGER PRIMARY KEY AUTOINCREMENT,
  time      INTEGER NOT NULL,
  actor     TEXT, -- NULL: the service itself
  action    TEXT NOT NULL,
  user_key  TEXT,
  record_id TEXT,
  detail    TEXT
) STRICT;
INSERT INTO audit_of_all SELECT number, time, actor, action, user_key, record_id, detail FROM audit ORDER BY number;
DROP TABLE audit;
ALTER TABLE audit_of_all RENAME TO audit;
CREATE INDEX audit_user ON audit (user_key, number);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE (ABORT, 'the audit log can only be added to');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
  SELECT RAISE (ABORT, 'the audit log can only be added to');
END;
