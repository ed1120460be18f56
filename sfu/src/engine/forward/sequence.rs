//! Sequence numbers without wraps (RFC 3550, appendix A.1, made simple by 64 bits).

/// Where counting starts: one wrap up, so that packets that arrive before the first one still have a number.
const START: u64 = 1 << 16;

/// Turns 16-bit numbers into 64-bit ones that grow, each taken as the nearest to the highest seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwrapper {
    highest: Option<u64>,
}

impl Unwrapper {
    pub fn unwrap(&mut self, number: u16) -> u64 {
        let Some(highest) = self.highest else {
            let first = START + u64::from(number);
            self.highest = Some(first);
            return first;
        };
        let extended = nearest(highest, number);
        self.highest = Some(highest.max(extended));
        extended
    }
}

/// The 64-bit number that ends in `number` and lies nearest to `reference`.
pub fn nearest(reference: u64, number: u16) -> u64 {
    let difference = number.wrapping_sub(reference as u16) as i16;
    reference.saturating_add_signed(i64::from(difference))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wraps_forwards_and_back() {
        let mut unwrapper = Unwrapper::default();
        let first = unwrapper.unwrap(65_535);
        assert_eq!(unwrapper.unwrap(0), first + 1);
        assert_eq!(unwrapper.unwrap(65_534), first - 1);
        assert_eq!(unwrapper.unwrap(1), first + 2);
    }

    proptest! {
        #[test]
        fn keeps_the_low_bits(numbers in proptest::collection::vec(any::<u16>(), 0..200)) {
            let mut unwrapper = Unwrapper::default();
            for number in numbers {
                prop_assert_eq!(unwrapper.unwrap(number) as u16, number);
            }
        }

        #[test]
        fn follows_a_shuffled_stream(steps in proptest::collection::vec(-100i64..2_000, 1..200)) {
            let (mut truth, mut unwrapper) = (START + 65_000, Unwrapper::default());
            unwrapper.unwrap(truth as u16);
            for step in steps {
                let number = truth.saturating_add_signed(step);
                prop_assert_eq!(unwrapper.unwrap(number as u16), number);
                truth = truth.max(number);
            }
        }
    }
}
