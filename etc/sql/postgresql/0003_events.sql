-- Version 3 of the tables of linkymonitor in PostgreSQL: the lines of the log that are no records, and a view for each
-- contract with the registers that it has.
--
-- linkymonitor runs this file by itself when its user may create tables. Else the owner of the database runs it:
--   psql -1 -v ON_ERROR_STOP=1 -d linkymonitor -f 0003_events.sql

CREATE TABLE events (
    meter  text        NOT NULL,
    series integer     NOT NULL,
    at     timestamptz NOT NULL,
    status text        NOT NULL,
    text   text        NOT NULL
);

-- A line that is sent twice is there once. Its digest is indexed, because an index takes no long text.
CREATE UNIQUE INDEX events_once ON events (meter, series, at, status, md5(text));

CREATE VIEW records_base AS
    SELECT meter, series, ended_at, period, power, power_min, power_max, injected, current, current_1, current_2, current_3,
           voltage_1, voltage_2, voltage_3, index_TH,
           index_total, index_injected, frames, rejected, overload
    FROM records WHERE contract = 'BASE';

CREATE VIEW records_hc AS
    SELECT meter, series, ended_at, period, power, power_min, power_max, injected, current, current_1, current_2, current_3,
           voltage_1, voltage_2, voltage_3, index_HC, index_HP,
           index_total, index_injected, frames, rejected, overload
    FROM records WHERE contract = 'HC';

CREATE VIEW records_ejp AS
    SELECT meter, series, ended_at, period, power, power_min, power_max, injected, current, current_1, current_2, current_3,
           voltage_1, voltage_2, voltage_3, index_HN, index_PM,
           index_total, index_injected, frames, rejected, ejp, overload
    FROM records WHERE contract = 'EJP';

CREATE VIEW records_tempo AS
    SELECT meter, series, ended_at, period, power, power_min, power_max, injected, current, current_1, current_2, current_3,
           voltage_1, voltage_2, voltage_3, index_HCJB, index_HPJB, index_HCJW, index_HPJW, index_HCJR, index_HPJR,
           index_total, index_injected, frames, rejected, colour, tomorrow, overload
    FROM records WHERE contract = 'TEMPO';

CREATE VIEW records_supplier AS
    SELECT meter, series, ended_at, period, power, power_min, power_max, injected, current, current_1, current_2, current_3,
           voltage_1, voltage_2, voltage_3,
           index_F01, index_F02, index_F03, index_F04, index_F05, index_F06, index_F07, index_F08, index_F09, index_F10,
           index_total, index_injected, frames, rejected, overload
    FROM records WHERE contract NOT IN ('BASE', 'HC', 'EJP', 'TEMPO');

INSERT INTO linkymonitor_schema (version) VALUES (3);
