//! Median, least and most; and which rounds do not count.

/// A median and its bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Spread {
    /// Of values in any order; none of none.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let upper = *values.get(values.len() / 2)?;
        let lower = *values.get((values.len() - 1) / 2)?;
        Some(Self { median: f64::midpoint(lower, upper), least, most })
    }
}

/// What a reference's rate must not fall under, as a fraction of its own median over all rounds of a scenario.
const COLLAPSE: f64 = 0.5;

/// The rounds, by index, in which a reference collapsed: the machine faltered, and the round says nothing of anybody.
/// The rule is applied to the references alone and not to what is measured against them.
pub fn collapsed(rates: &[f64]) -> Vec<bool> {
    let median = Spread::of(rates.to_vec()).map_or(0.0, |spread| spread.median);
    rates.iter().map(|rate| *rate < COLLAPSE * median).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_lies_in_the_middle_of_odd_and_even_numbers() {
        let spread = |values: &[f64]| Spread::of(values.to_vec()).unwrap();
        assert_eq!(spread(&[3.0, 1.0, 9.0]), Spread { median: 3.0, least: 1.0, most: 9.0 });
        assert_eq!(spread(&[4.0, 1.0, 2.0, 9.0]), Spread { median: 3.0, least: 1.0, most: 9.0 });
        assert_eq!(Spread::of(Vec::new()), None);
    }

    #[test]
    fn a_round_under_half_of_the_references_median_is_thrown_out() {
        assert_eq!(collapsed(&[100.0, 49.0, 50.0, 110.0, 100.0]), [false, true, false, false, false]);
        assert_eq!(collapsed(&[5.0]), [false]);
        assert!(collapsed(&[]).is_empty());
    }
}
