-- Version 1 of the tables of linkymonitor in PostgreSQL: the records of the log.
--
-- linkymonitor runs this file by itself when its user may create tables. Else the owner of the database runs it:
--   psql -1 -v ON_ERROR_STOP=1 -d linkymonitor -f 0001_records.sql

CREATE TABLE IF NOT EXISTS linkymonitor_schema (
    version    integer     PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- One row is one record: docs/formats.md has the names and units. What the record lacks is NULL.
CREATE TABLE records (
    meter          text        NOT NULL,
    series         integer     NOT NULL,
    ended_at       timestamptz NOT NULL,
    contract       text        NOT NULL,
    period         text        NOT NULL,
    power          integer,
    power_min      integer,
    power_max      integer,
    injected       integer,
    current        integer,
    current_1      integer,
    current_2      integer,
    current_3      integer,
    voltage_1      integer,
    voltage_2      integer,
    voltage_3      integer,
    index_TH       bigint,
    index_HC       bigint,
    index_HP       bigint,
    index_HN       bigint,
    index_PM       bigint,
    index_HCJB     bigint,
    index_HPJB     bigint,
    index_HCJW     bigint,
    index_HPJW     bigint,
    index_HCJR     bigint,
    index_HPJR     bigint,
    index_F01      bigint,
    index_F02      bigint,
    index_F03      bigint,
    index_F04      bigint,
    index_F05      bigint,
    index_F06      bigint,
    index_F07      bigint,
    index_F08      bigint,
    index_F09      bigint,
    index_F10      bigint,
    index_total    bigint,
    index_injected bigint,
    frames         integer,
    rejected       integer,
    colour         text,
    tomorrow       text,
    ejp            text,
    overload       boolean,
    PRIMARY KEY (meter, series, ended_at)
) PARTITION BY RANGE (ended_at);

-- linkymonitor makes a partition for each month. What finds none, because its user may not make any, is kept here.
CREATE TABLE records_rest PARTITION OF records DEFAULT;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        -- TimescaleDB makes its own partitions, of a table that has none.
        CREATE TABLE records_plain (LIKE records INCLUDING ALL);
        DROP TABLE records;
        ALTER TABLE records_plain RENAME TO records;
        PERFORM create_hypertable('records', 'ended_at', chunk_time_interval => INTERVAL '1 month');
    END IF;
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM create_distributed_table('records', 'meter');
    END IF;
END
$$;

INSERT INTO linkymonitor_schema (version) VALUES (1);
