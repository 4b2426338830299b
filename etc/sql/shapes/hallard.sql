-- The table of hallard/teleinfo in MariaDB or MySQL, which shape = hallard fills, and which the pages of
-- BmdOnline/Teleinfo read. linkymonitor makes it when it is not there; a table that is there stays as it is.
-- The owner of the database may run this file instead:
--   mariadb teleinfo < hallard.sql
-- DATE is in the time zone of the server, as NOW() is.
CREATE TABLE IF NOT EXISTS DbiTeleinfo (
    id       INT NOT NULL AUTO_INCREMENT,
    DATE     DATETIME,
    ADCO     VARCHAR(12),
    OPTARIF  VARCHAR(4),
    ISOUSC   DECIMAL(2, 0),
    BASE     DECIMAL(9, 0),
    HCHC     DECIMAL(9, 0),
    HCHP     DECIMAL(9, 0),
    BBRHCJB  DECIMAL(9, 0),
    BBRHPJB  DECIMAL(9, 0),
    BBRHCJW  DECIMAL(9, 0),
    BBRHPJW  DECIMAL(9, 0),
    BBRHCJR  DECIMAL(9, 0),
    BBRHPJR  DECIMAL(9, 0),
    DEMAIN   VARCHAR(4),
    EJPHN    DECIMAL(9, 0),
    EJPHPM   DECIMAL(9, 0),
    PEJP     VARCHAR(2),
    PTEC     VARCHAR(4),
    IINST1   DECIMAL(3, 0),
    IINST2   DECIMAL(3, 0),
    IINST3   DECIMAL(3, 0),
    IMAX1    DECIMAL(3, 0),
    IMAX2    DECIMAL(3, 0),
    IMAX3    DECIMAL(3, 0),
    HHPHC    VARCHAR(1),
    PMAX     DECIMAL(5, 0),
    PAPP     DECIMAL(5, 0),
    ADPS     DECIMAL(3, 0),
    MOTDETAT VARCHAR(6),
    TENSION  DECIMAL(3, 0),
    PRIMARY KEY (id),
    KEY SEARCH_INDEX (ADCO, DATE)
) ENGINE = InnoDB DEFAULT CHARSET = utf8;
