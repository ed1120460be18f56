//! The forms in which a source can be shown: its simulcast layers, and within each the codec's own.

use super::{
    picture::{ALL, Depth},
    source::Source,
};
use smallvec::SmallVec;
use std::time::Instant;
use wire::signal::SourceKind;

/// A form whose rate was not measured yet is taken for at least this.
const BPS_MIN: u64 = 30_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    pub layer: u8,
    pub depth: Depth,
}

/// The forms of a source that flow and are not larger than needed, the smallest first, and what each takes, growing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Forms {
    pub forms: SmallVec<[Form; 4]>,
    pub rates: SmallVec<[u64; 4]>,
    /// The first that has the size in which it is drawn.
    pub readable: usize,
}

impl Forms {
    fn push(&mut self, form: Form, rate: u64) {
        let least = self.rates.last().map_or(BPS_MIN, |below| below + 1);
        self.rates.push(rate.max(least));
        self.forms.push(form);
    }

    /// The place of what flows now, or of the nearest below it.
    pub fn place(&self, flowing: Form) -> Option<usize> {
        let exact = self.forms.iter().position(|form| *form == flowing);
        exact.or_else(|| self.forms.iter().rposition(|form| form.layer <= flowing.layer && form.depth.spatial <= flowing.depth.spatial))
    }
}

/// One size of a source.
struct Size {
    layer: usize,
    spatial: u8,
    /// How many of its layers of time flow.
    temporals: u8,
    is_largest: bool,
}

impl Source {
    pub fn forms(&mut self, now: Instant, width: u16, height: u16) -> Forms {
        let sizes = self.flowing_sizes(now, width, height);
        let (mut forms, is_screen, last) = (Forms::default(), self.kind == SourceKind::ShareVideo, sizes.len().saturating_sub(1));
        for (at, size) in sizes.iter().enumerate() {
            let layer = &mut self.layers[size.layer];
            let spatial = if size.is_largest { ALL } else { size.spatial };
            if at == last {
                forms.readable = forms.forms.len();
            }
            // A face becomes smaller before it becomes slow; a screen the other way round.
            let slower = if is_screen { at == last } else { at == 0 };
            for temporal in (0..size.temporals - 1).filter(|_| slower) {
                let depth = Depth { spatial, temporal };
                forms.push(Form { layer: size.layer as u8, depth }, layer.depths.bits_per_second(now, depth));
            }
            let depth = Depth { spatial, temporal: ALL };
            let rate = if size.is_largest { layer.rate.bits_per_second(now) } else { layer.depths.bits_per_second(now, depth) };
            forms.push(Form { layer: size.layer as u8, depth }, rate);
        }
        forms
    }

    /// From the smallest to the first that is large enough. Where nothing flows (a still screen) the lowest that ever did: it is asked for a
    /// key frame.
    fn flowing_sizes(&mut self, now: Instant, width: u16, height: u16) -> SmallVec<[Size; 4]> {
        let mut sizes = SmallVec::new();
        let some_flow = self.layers.iter().any(|layer| layer.flows(now));
        for at in 0..self.layers.len() {
            let layer = &mut self.layers[at];
            if !(layer.flows(now) || !some_flow && sizes.is_empty() && layer.last_packet.is_some()) {
                continue;
            }
            let (spatials, temporals) = layer.depths.count(now);
            for spatial in 0..spatials {
                sizes.push(Size { layer: at, spatial, temporals, is_largest: spatial + 1 == spatials });
                if self.suffices(at, spatials - 1 - spatial, width, height) {
                    return sizes;
                }
            }
        }
        sizes
    }
}
