-- Public holidays and weekends by state or federal territory, provisional until gazetted.
CREATE TABLE holiday (
    id      TEXT NOT NULL PRIMARY KEY,
    region  TEXT NOT NULL CONSTRAINT holiday_region CHECK (region IN ('johor', 'kedah', 'kelantan', 'melaka', 'negeri_sembilan', 'pahang', 'perak', 'perlis', 'pulau_pinang', 'sabah', 'sarawak', 'selangor', 'terengganu', 'wp_kuala_lumpur', 'wp_labuan', 'wp_putrajaya')),
    date    TEXT NOT NULL,
    name_ms TEXT NOT NULL,
    name_en TEXT NOT NULL,
    -- how its date is found: fixed by law, calculated from a calendar, or declared when the moon is seen
    basis   TEXT NOT NULL CONSTRAINT holiday_basis CHECK (basis IN ('fixed', 'calculated', 'sighted')),
    status  TEXT NOT NULL CONSTRAINT holiday_status CHECK (status IN ('provisional', 'gazetted')),
    -- the gazette, or from where else it is known
    source  TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    UNIQUE (region, date, name_ms)
);
CREATE INDEX holiday_by_date ON holiday (date, region);

-- How far the list of one year is settled. A year without a row is not known.
CREATE TABLE holiday_year (
    region  TEXT NOT NULL CONSTRAINT holiday_year_region CHECK (region IN ('johor', 'kedah', 'kelantan', 'melaka', 'negeri_sembilan', 'pahang', 'perak', 'perlis', 'pulau_pinang', 'sabah', 'sarawak', 'selangor', 'terengganu', 'wp_kuala_lumpur', 'wp_labuan', 'wp_putrajaya')),
    year    BIGINT NOT NULL CONSTRAINT holiday_year_bound CHECK (year BETWEEN 2000 AND 2999),
    status  TEXT NOT NULL CONSTRAINT holiday_year_status CHECK (status IN ('provisional', 'gazetted')),
    source  TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (region, year)
);

-- The two rest days of a week (ISO 8601: 1 is Monday), from a day on.
CREATE TABLE region_weekend (
    region         TEXT NOT NULL CONSTRAINT region_weekend_region CHECK (region IN ('johor', 'kedah', 'kelantan', 'melaka', 'negeri_sembilan', 'pahang', 'perak', 'perlis', 'pulau_pinang', 'sabah', 'sarawak', 'selangor', 'terengganu', 'wp_kuala_lumpur', 'wp_labuan', 'wp_putrajaya')),
    effective_from TEXT NOT NULL,
    first_weekday  BIGINT NOT NULL CONSTRAINT region_weekend_first CHECK (first_weekday BETWEEN 1 AND 7),
    second_weekday BIGINT NOT NULL CONSTRAINT region_weekend_second CHECK (second_weekday BETWEEN 1 AND 7),
    source         TEXT NOT NULL,
    PRIMARY KEY (region, effective_from)
);
