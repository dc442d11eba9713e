-- SPDX-License-Identifier: GPL-3.0-or-later
-- Channels, who is in them, how far each has read, and the records themselves. Times are milliseconds since 1970.

CREATE TABLE channels (
  number   INTEGER PRIMARY KEY,
  name     TEXT NOT NULL UNIQUE,
  kind     INTEGER NOT NULL CHECK (kind IN (0, 1)), -- ChatChannelKind: public, private
  topic    TEXT,
  language TEXT,
  head     INTEGER NOT NULL DEFAULT 0,              -- the last seq
  clock    INTEGER,                                 -- the latest timestamp of all its messages
  active   INTEGER NOT NULL                         -- the timestamp of its last message, or of its making
) STRICT;

CREATE TABLE members (
  channel INTEGER NOT NULL REFERENCES channels (number),
  user    TEXT NOT NULL,
  PRIMARY KEY (channel, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_user ON members (user);

CREATE TABLE read_markers (
  channel INTEGER NOT NULL REFERENCES channels (number),
  user    TEXT NOT NULL,
  seq     INTEGER NOT NULL,
  PRIMARY KEY (channel, user)
) STRICT, WITHOUT ROWID;

-- A message's clock is the latest timestamp up to and including it. Timestamps may be out of order, the clock is not:
-- the first message whose clock has reached a time is the first whose timestamp has, and an index finds it.
CREATE TABLE messages (
  number  INTEGER PRIMARY KEY,
  channel INTEGER NOT NULL REFERENCES channels (number),
  seq     INTEGER NOT NULL,
  id      TEXT NOT NULL,
  clock   INTEGER NOT NULL,
  record  TEXT NOT NULL -- as on the wire: JSON
) STRICT;
CREATE UNIQUE INDEX messages_place ON messages (channel, seq);
CREATE UNIQUE INDEX messages_id ON messages (id);
CREATE INDEX messages_clock ON messages (channel, clock, seq);

-- What the readiness check writes.
CREATE TABLE heartbeat (
  number INTEGER PRIMARY KEY CHECK (number = 1),
  beats  INTEGER NOT NULL
) STRICT;
