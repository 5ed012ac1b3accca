//! Our address is taken out where no note says what was there before.

use tamis_platform::{Restored, SystemProxy};

use super::{ANY_ADDRESS_OF_OURS, Restoration, RestoreError, SystemSetting};
use crate::doctor::{Whose, whose};

impl SystemSetting {
    /// Puts everything back for good, and then takes our address out wherever it still stands, note or no note; what was
    /// changed. None while another Tamis looks after the setting.
    pub(crate) fn clear(&mut self) -> Result<Option<Restored>, RestoreError> {
        let Some(_claim) = self.claim()? else { return Ok(None) };
        let mut cleared = match self.put_all_back(true)? {
            Restoration::NothingToDo => Restored::default(),
            Restoration::Done { put_back, kept } => Restored { put_back, kept },
        };
        for hand in &self.hands {
            if hand.states()?.iter().any(|state| state.names_us) {
                cleared.put_back.extend(hand.restore(&hand.prepare(ANY_ADDRESS_OF_OURS)?)?.put_back);
            }
        }
        Ok(Some(cleared))
    }

    /// Without a note: takes our address out of every place where it counts and no Tamis serves it any more. One that is
    /// served, or that somebody listens at without a word, stays.
    pub(super) fn take_dead_address_out(&self) -> Result<Vec<String>, RestoreError> {
        let (mut taken_out, mut failures) = (Vec::new(), Vec::new());
        for hand in &self.hands {
            match self.take_dead_address_out_of(hand.as_ref()) {
                Ok(keys) => taken_out.extend(keys),
                Err(error) => failures.push(error),
            }
        }
        if failures.is_empty() { Ok(taken_out) } else { Err(RestoreError::all(failures)) }
    }

    fn take_dead_address_out_of(&self, hand: &dyn SystemProxy) -> Result<Vec<String>, RestoreError> {
        let whose: Vec<Whose> = hand.states()?.iter().map(|state| whose(&state.way)).collect();
        let is_dead = whose.contains(&Whose::GoneTamis);
        if !is_dead || whose.iter().any(|whose| matches!(whose, Whose::Tamis | Whose::SilentTamis)) {
            return Ok(Vec::new());
        }
        let Some(_claim) = self.claim()? else { return Ok(Vec::new()) };
        Ok(hand.restore(&hand.prepare(ANY_ADDRESS_OF_OURS)?)?.put_back)
    }
}
