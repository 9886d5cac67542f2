//! What fuzz targets reach of what the host sees in units.

use super::definitions::Definitions;
use super::measure::{Framing, Measure};

/// Measures the same bytes in pieces of `size` and at once.
///
/// # Panics
/// If it makes a difference how they are cut.
pub fn measure(bytes: &[u8], size: usize) {
    for framing in [Framing::None, Framing::Lines, Framing::U32Le, Framing::Definitions, Framing::Changes] {
        let (mut whole, mut cut) = (Measure::new(framing), Measure::new(framing));
        let whole = whole.update(bytes).and_then(|()| whole.finish()).ok();
        let cut = bytes.chunks(size).try_for_each(|piece| cut.update(piece)).and_then(|()| cut.finish()).ok();
        assert_eq!(whole, cut);
    }
    let (mut whole, mut cut) = (Definitions::default(), Definitions::default());
    let whole = whole.update(bytes).map(|()| whole.found()).ok();
    let cut = bytes.chunks(size).try_for_each(|piece| cut.update(piece)).map(|()| cut.found()).ok();
    assert_eq!(whole, cut);
}
