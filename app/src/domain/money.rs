//! Money: whole minor units and a currency. Never a fraction, never rounded
//! in passing, never added across currencies.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

/// The text is no currency.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no currency; write its three-letter ISO 4217 code, such as EUR")]
pub struct UnknownCurrency(String);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");

    /// The three letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only letters get in, so this never falls back.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Digits after the decimal point, as ISO 4217 has them.
    #[must_use]
    pub const fn exponent(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match *text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(UnknownCurrency(text.to_owned())),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// In the currency's minor unit: cents of a euro.
    pub minor: i64,
    /// Of what.
    pub currency: Currency,
}

/// Two amounts do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// They are of different currencies.
    #[error("{0} and {1} cannot be added")]
    Currencies(Currency, Currency),
    /// The result is larger than anything that is sold here.
    #[error("the amount is too large")]
    TooLarge,
    /// The text is no amount.
    #[error("write an amount such as 12.50, with at most {0} digits after the point")]
    NoAmount(u32),
}

impl Money {
    /// An amount in minor units.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The sum.
    ///
    /// # Errors
    /// When the currencies differ, or the sum is too large.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Currencies(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor);
        Ok(Self::new(minor.ok_or(MoneyError::TooLarge)?, self.currency))
    }

    /// So many times the amount.
    ///
    /// # Errors
    /// When the product is too large.
    pub fn times(self, quantity: i64) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(quantity);
        Ok(Self::new(minor.ok_or(MoneyError::TooLarge)?, self.currency))
    }

    /// The tax that an amount with tax contains, rounded half up to the minor
    /// unit; `rate_bp` is in basis points.
    #[must_use]
    pub fn tax_included(self, rate_bp: u32) -> Self {
        let gross = i128::from(self.minor);
        let rate = i128::from(rate_bp);
        let divisor = 10_000 + rate;
        let tax = (2 * gross * rate + divisor).div_euclid(2 * divisor);
        // Less than the gross amount, which fits.
        Self::new(i64::try_from(tax).unwrap_or(self.minor), self.currency)
    }

    /// Reads an amount as people write it, such as `12.5` or `12,50`.
    ///
    /// # Errors
    /// When the text is no amount of this currency.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let exponent = currency.exponent();
        let wrong = MoneyError::NoAmount(exponent);
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let places = u32::try_from(fraction.len()).map_err(|_| wrong)?;
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || places > exponent {
            return Err(wrong);
        }
        let missing = 10_i64.pow(exponent - places);
        let minor = format!("{whole}{fraction}")
            .parse::<i64>()
            .ok()
            .and_then(|value| value.checked_mul(missing))
            .ok_or(MoneyError::TooLarge)?;
        Ok(Self::new(if negative { -minor } else { minor }, currency))
    }

    /// The amount without its currency, such as `12.50`.
    #[must_use]
    pub fn amount(self) -> String {
        let exponent = self.currency.exponent() as usize;
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!(
            "{:0>width$}",
            self.minor.unsigned_abs(),
            width = exponent + 1
        );
        let (whole, fraction) = digits.split_at(digits.len() - exponent);
        if fraction.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency() -> impl Strategy<Value = Currency> {
        prop::sample::select(vec!["EUR", "USD", "JPY", "KWD"])
            .prop_map(|code| code.parse().unwrap())
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(minor in -1_000_000_000_000_i64..1_000_000_000_000, currency in currency()) {
            let money = Money::new(minor, currency);
            prop_assert_eq!(Money::parse(&money.amount(), currency), Ok(money));
        }

        #[test]
        fn tax_and_net_make_the_gross(minor in 0_i64..1_000_000_000, rate in 0_u32..=10_000) {
            let gross = Money::new(minor, Currency::EUR);
            let tax = gross.tax_included(rate).minor;
            let net = minor - tax;
            prop_assert!((0..=minor).contains(&tax));
            // Within half a cent of the exact rate.
            let exact = net as f64 * f64::from(rate) / 10_000.0;
            prop_assert!((exact - tax as f64).abs() <= 1.0);
        }

        #[test]
        fn parsing_never_panics(text in ".{0,40}", currency in currency()) {
            let _ = Money::parse(&text, currency);
        }
    }

    #[test]
    fn amounts_are_written_with_the_digits_of_their_currency() {
        let show = |minor, code: &str| Money::new(minor, code.parse().unwrap()).to_string();
        assert_eq!(show(5, "EUR"), "0.05 EUR");
        assert_eq!(show(-1250, "EUR"), "-12.50 EUR");
        assert_eq!(show(1250, "JPY"), "1250 JPY");
        assert_eq!(show(1250, "KWD"), "1.250 KWD");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            "-",
            "1.234",
            "1,2,3",
            "1e3",
            "٣",
            " ",
            ".5",
            "+1",
            "99999999999999999999",
        ] {
            assert!(Money::parse(text, Currency::EUR).is_err(), "{text}");
        }
    }

    #[test]
    fn currencies_do_not_mix() {
        let euro = Money::new(1, Currency::EUR);
        let dollar = Money::new(1, "USD".parse().unwrap());
        assert!(euro.plus(dollar).is_err());
        assert!(Money::new(i64::MAX, Currency::EUR).plus(euro).is_err());
        assert!("eur".parse::<Currency>().is_err());
    }
}
