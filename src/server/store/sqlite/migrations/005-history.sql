-- SPDX-License-Identifier: GPL-3.0-or-later
-- What later records made of a message, who is named in it, and the words in it. chat-sqlite-backfill.c fills all of
-- this in for the messages that are there.

-- Whoever wrote something. Number 0 is nobody: the author of a record that names none.
CREATE TABLE authors (
  number   INTEGER PRIMARY KEY,
  user_key TEXT NOT NULL UNIQUE,
  user     TEXT NOT NULL -- as it was first written
) STRICT;
INSERT INTO authors VALUES (0, '', '');

ALTER TABLE messages ADD COLUMN author INTEGER NOT NULL DEFAULT 0; -- in authors
ALTER TABLE messages ADD COLUMN timestamp INTEGER NOT NULL DEFAULT 0;
-- Whether it is a message or a notice: 1; 2 once it is deleted; 0: any other record.
ALTER TABLE messages ADD COLUMN said INTEGER NOT NULL DEFAULT 0 CHECK (said IN (0, 1, 2));
CREATE INDEX messages_said ON messages (channel, seq, author) WHERE said = 1;

-- The state of a message that something was done to. The text that holds is that of its last edit.
CREATE TABLE states (
  message    INTEGER PRIMARY KEY REFERENCES messages (number),
  edit       INTEGER REFERENCES messages (number),
  edited     INTEGER,
  deleted    INTEGER,
  deleted_by TEXT,
  seq        INTEGER NOT NULL -- of the last record that is in it
) STRICT;

CREATE TABLE reactions (
  message INTEGER NOT NULL REFERENCES messages (number),
  author  INTEGER NOT NULL REFERENCES authors (number),
  emoji   TEXT NOT NULL,
  number  INTEGER NOT NULL UNIQUE REFERENCES messages (number), -- the record that said so
  PRIMARY KEY (message, number), -- in the order in which they are read
  UNIQUE (message, author, emoji)
) STRICT, WITHOUT ROWID;

-- Every edit of a message, whether it held or not: their texts go with that of the message.
CREATE TABLE edits (
  message INTEGER NOT NULL REFERENCES messages (number),
  number  INTEGER NOT NULL REFERENCES messages (number),
  PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;

-- Records that came before what they are about.
CREATE TABLE pending (
  target TEXT NOT NULL, -- an id
  number INTEGER NOT NULL REFERENCES messages (number),
  PRIMARY KEY (target, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_number ON pending (number);

-- Of records whose text is gone: by which a repeat is known.
CREATE TABLE digests (
  number INTEGER PRIMARY KEY REFERENCES messages (number),
  digest TEXT NOT NULL
) STRICT;

-- Who is named where, by others.
CREATE TABLE mentions (
  user_key TEXT NOT NULL,
  channel  INTEGER NOT NULL REFERENCES channels (number),
  seq      INTEGER NOT NULL,
  PRIMARY KEY (user_key, channel, seq)
) STRICT, WITHOUT ROWID;

-- The words of every text that holds, by its message's number. What a search is limited by is indexed beside them, so
-- that the words' lists are cut with these lists: behind U+E000, which no text brings here, "p" in a public channel,
-- "c" with its channel's number, "a" with its author's.
CREATE VIRTUAL TABLE search USING fts5 (
  text, filter, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 2'
);

-- Between which numbers the records of an hour lie.
CREATE TABLE hours (
  hour  INTEGER PRIMARY KEY, -- timestamp / 3,600,000
  first INTEGER NOT NULL,
  last  INTEGER NOT NULL
) STRICT;
