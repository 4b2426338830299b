-- Version 2: the prices of each day, so that a dashboard can show what a day or a month costs.

-- One row is the price of one register on one local day, in € per kWh with all taxes. A register whose price is not
-- known, or depends on the hour, has no row.
CREATE TABLE prices (
    meter    text          NOT NULL,
    day      date          NOT NULL,
    register text          NOT NULL,
    price    numeric(9, 6) NOT NULL,
    PRIMARY KEY (meter, day, register)
);

INSERT INTO linkymonitor_schema (version) VALUES (2);
