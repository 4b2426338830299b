-- Version 2: the prices of each day, so that a dashboard can show what a day or a month costs.

-- One row is the price of one register on one local day, in € per kWh with all taxes. A register whose price is not
-- known, or depends on the hour, has no row.
CREATE TABLE IF NOT EXISTS prices (
    meter    VARCHAR(64)   NOT NULL,
    day      DATE          NOT NULL,
    register VARCHAR(8)    NOT NULL,
    price    DECIMAL(9, 6) NOT NULL,
    PRIMARY KEY (meter, day, register)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT IGNORE INTO linkymonitor_schema (version) VALUES (2);
