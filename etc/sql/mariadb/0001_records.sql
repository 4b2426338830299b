-- Version 1 of the tables of linkymonitor in MariaDB or MySQL: the records of the log.
--
-- linkymonitor runs this file by itself when its user may create tables. Else the owner of the database runs it:
--   mariadb linkymonitor < 0001_records.sql
-- There is no transaction around the making of a table, so each statement may be run again.

CREATE TABLE IF NOT EXISTS linkymonitor_schema (
    version    INT      PRIMARY KEY,
    applied_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE = InnoDB;

-- One row is one record: docs/formats.md has the names and units. ended_at is in UTC. What the record lacks is NULL.
-- linkymonitor divides the partition for each month.
CREATE TABLE IF NOT EXISTS records (
    meter          VARCHAR(64) NOT NULL,
    series         INT NOT NULL,
    ended_at       DATETIME NOT NULL,
    contract       VARCHAR(64) NOT NULL,
    period         VARCHAR(8) NOT NULL,
    power          INT,
    power_min      INT,
    power_max      INT,
    injected       INT,
    current        INT,
    current_1      INT,
    current_2      INT,
    current_3      INT,
    voltage_1      INT,
    voltage_2      INT,
    voltage_3      INT,
    index_TH       BIGINT,
    index_HC       BIGINT,
    index_HP       BIGINT,
    index_HN       BIGINT,
    index_PM       BIGINT,
    index_HCJB     BIGINT,
    index_HPJB     BIGINT,
    index_HCJW     BIGINT,
    index_HPJW     BIGINT,
    index_HCJR     BIGINT,
    index_HPJR     BIGINT,
    index_F01      BIGINT,
    index_F02      BIGINT,
    index_F03      BIGINT,
    index_F04      BIGINT,
    index_F05      BIGINT,
    index_F06      BIGINT,
    index_F07      BIGINT,
    index_F08      BIGINT,
    index_F09      BIGINT,
    index_F10      BIGINT,
    index_total    BIGINT,
    index_injected BIGINT,
    frames         INT,
    rejected       INT,
    colour         VARCHAR(8),
    tomorrow       VARCHAR(8),
    ejp            VARCHAR(8),
    overload       BOOLEAN,
    PRIMARY KEY (meter, series, ended_at)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
PARTITION BY RANGE COLUMNS (ended_at) (PARTITION rest VALUES LESS THAN (MAXVALUE));

INSERT IGNORE INTO linkymonitor_schema (version) VALUES (1);
