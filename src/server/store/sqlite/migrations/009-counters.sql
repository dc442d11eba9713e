-- SPDX-License-Identifier: GPL-3.0-or-later
-- How much was said, and what it led to, by the hour: whole hours since 1970, rounded down. Whatever is counted is
-- counted where it is stored; what a rebuild has counted so far is beside it.

CREATE TABLE counters (
  hour     INTEGER NOT NULL,
  channel  INTEGER NOT NULL REFERENCES channels (number),
  author   INTEGER NOT NULL REFERENCES authors (number),
  messages INTEGER NOT NULL,
  PRIMARY KEY (hour, channel, author)
) STRICT, WITHOUT ROWID;
INSERT INTO counters
  SELECT (timestamp - ((timestamp % 3600000) + 3600000) % 3600000) / 3600000, channel, author, count (*)
  FROM messages WHERE said > 0 GROUP BY 1, 2, 3;

CREATE TABLE counters_anew (
  hour     INTEGER NOT NULL,
  channel  INTEGER NOT NULL REFERENCES channels (number),
  author   INTEGER NOT NULL REFERENCES authors (number),
  messages INTEGER NOT NULL,
  PRIMARY KEY (hour, channel, author)
) STRICT, WITHOUT ROWID;

CREATE TABLE strike_counters (
  hour     INTEGER NOT NULL,
  channel  TEXT NOT NULL,
  user_key TEXT NOT NULL,
  warnings INTEGER NOT NULL,
  blocks   INTEGER NOT NULL,
  PRIMARY KEY (hour, channel, user_key)
) STRICT, WITHOUT ROWID;
INSERT INTO strike_counters
  SELECT (timestamp - ((timestamp % 3600000) + 3600000) % 3600000) / 3600000, channel, user_key, count (*),
    sum (blocked)
  FROM strikes GROUP BY 1, 2, 3;

-- Up to which message a rebuild has counted.
CREATE TABLE rebuild (
  number   INTEGER PRIMARY KEY CHECK (number = 1),
  position INTEGER NOT NULL
) STRICT;
INSERT INTO rebuild VALUES (1, 0);
