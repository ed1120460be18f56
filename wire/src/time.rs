//! Instants as they travel and as they are stored.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, Unexpected},
};

/// 3000-01-01T00:00:00 UTC: no calendar of the rules reaches further.
const ARRIVES_BEFORE_MS: i64 = 32_503_680_000_000;

/// Milliseconds since 1970-01-01T00:00:00 UTC. What is sent to the service lies in the years 1970 to 2999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(transparent)]
#[ts(export, type = "number")]
#[schema(value_type = i64)]
pub struct UnixMs(pub i64);

impl UnixMs {
    /// Whole seconds, rounded down: the unit of JWT claims (RFC 7519, section 2, NumericDate).
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    pub const fn saturating_add_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to `self`; 0 where `earlier` is later.
    pub const fn saturating_since_ms(self, earlier: Self) -> i64 {
        let difference = self.0.saturating_sub(earlier.0);
        if difference < 0 { 0 } else { difference }
    }
}

/// An instant of another millennium is a mistake wherever it comes from, and has no civil date that could be written with four digits.
impl<'de> Deserialize<'de> for UnixMs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ms = i64::deserialize(deserializer)?;
        match (0..ARRIVES_BEFORE_MS).contains(&ms) {
            true => Ok(Self(ms)),
            false => Err(D::Error::invalid_value(Unexpected::Signed(ms), &"an instant of the years 1970 to 2999, in milliseconds")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_of_other_millennia_do_not_arrive() {
        let read = |text: &str| serde_json::from_str::<UnixMs>(text).ok();
        assert_eq!((read("0"), read("32503679999999")), (Some(UnixMs(0)), Some(UnixMs(ARRIVES_BEFORE_MS - 1))));
        for wrong in ["-1", "32503680000000", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1.5", "\"0\"", "null"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
