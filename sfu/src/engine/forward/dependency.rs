//! The dependency descriptor (RTP payload format for AV1, appendix A): a header extension that says which layer a packet belongs to and what it
//! leans on, whatever the codec, so that nothing of the payload need be read. What it says is written in templates that come with each key frame.

use super::picture::{ALL, Depth, Picture};
use smallvec::SmallVec;

/// Mandatory fields: two flags, a template's id, and the frame's number.
const MANDATORY_BYTES: usize = 3;
/// Template ids have six bits, decode targets five.
const TEMPLATES_MAX: usize = 64;
/// Spatial layers have two bits of room in what browsers send, and three temporal ones.
const LAYERS_MAX: u8 = 8;
/// `template_layers`: what comes next.
const NEXT_TEMPORAL: u32 = 1;
const NEXT_SPATIAL: u32 = 2;
const NO_MORE: u32 = 3;
/// Decode target indication: a decoder that shows less may begin to show the target here.
const SWITCH: u8 = 2;

/// What the descriptors of a stream are read by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    offset: u8,
    templates: Vec<Template>,
    targets: SmallVec<[Depth; 9]>,
    /// Width and height of the largest spatial layer.
    size: Option<(u16, u16)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Template {
    depth: Depth,
    /// One for each decode target: absent, discardable, switch, required.
    indications: SmallVec<[u8; 9]>,
}

/// The frame's number: what a slot makes go on over its seams.
pub fn frame_number(descriptor: &[u8]) -> Option<u16> {
    descriptor.get(1..MANDATORY_BYTES).map(|number| u16::from_be_bytes([number[0], number[1]]))
}

/// The descriptor with its frame's number moved.
pub fn moved(descriptor: &[u8], offset: u16) -> SmallVec<[u8; 64]> {
    let mut moved = SmallVec::from_slice(descriptor);
    if let Some(number) = frame_number(descriptor) {
        moved[1..MANDATORY_BYTES].copy_from_slice(&number.wrapping_add(offset).to_be_bytes());
    }
    moved
}

/// Reads a descriptor; a structure in it takes the place of the one known. `None`: malformed, or its structure is not known.
pub fn read(descriptor: &[u8], structure: &mut Option<Box<Structure>>) -> Option<Picture> {
    let mut bits = Bits { bytes: descriptor, at: 0 };
    let (begins, ends, id) = (bits.flag()?, bits.flag()?, bits.take(6)? as u8);
    bits.take(16)?;
    let (mut brings, mut custom_indications) = (false, false);
    let mut active_targets = false;
    if descriptor.len() > MANDATORY_BYTES {
        (brings, active_targets, custom_indications) = (bits.flag()?, bits.flag()?, bits.flag()?);
        // Custom distances and chains: a forwarder that cuts at key frames does not follow them.
        bits.take(2)?;
        if brings {
            *structure = Some(Box::new(Structure::read(&mut bits)?));
        }
    }
    let known = structure.as_ref()?;
    if active_targets {
        bits.take(known.targets.len() as u32)?;
    }
    let template = known.templates.get((usize::from(id) + TEMPLATES_MAX - usize::from(known.offset)) % TEMPLATES_MAX)?;
    let mut indications = template.indications.clone();
    if custom_indications {
        for indication in &mut indications {
            *indication = bits.take(2)? as u8;
        }
    }
    let switches = known.targets.iter().zip(&indications).filter(|(_, indication)| **indication == SWITCH);
    Some(Picture {
        keyframe: brings && begins,
        begins,
        ends,
        depth: template.depth,
        raises_to: if begins { switches.map(|(target, _)| target.temporal).max().unwrap_or(0) } else { 0 },
        size: if brings { known.size } else { None },
    })
}

impl Structure {
    fn read(bits: &mut Bits<'_>) -> Option<Self> {
        let offset = bits.take(6)? as u8;
        let targets = bits.take(5)? as usize + 1;
        let mut templates: Vec<Template> = Vec::new();
        let mut depth = Depth { spatial: 0, temporal: 0 };
        loop {
            if templates.len() == TEMPLATES_MAX || depth.spatial >= LAYERS_MAX || depth.temporal >= LAYERS_MAX {
                return None;
            }
            templates.push(Template { depth, indications: SmallVec::new() });
            match bits.take(2)? {
                NEXT_TEMPORAL => depth.temporal += 1,
                NEXT_SPATIAL => depth = Depth { spatial: depth.spatial + 1, temporal: 0 },
                NO_MORE => break,
                _ => {}
            }
        }
        for template in &mut templates {
            for _ in 0..targets {
                template.indications.push(bits.take(2)? as u8);
            }
        }
        for _ in &templates {
            while bits.flag()? {
                bits.take(4)?;
            }
        }
        let chains = bits.below(targets as u32 + 1)?;
        if chains > 0 {
            for _ in 0..targets {
                bits.below(chains)?;
            }
            bits.take(4 * chains * templates.len() as u32)?;
        }
        let mut size = None;
        if bits.flag()? {
            for _ in 0..=depth.spatial {
                let (width, height) = (bits.take(16)?, bits.take(16)?);
                size = Some((u16::try_from(width + 1).ok()?, u16::try_from(height + 1).ok()?));
            }
        }
        // A target is as deep as the deepest template that is not absent from it (A.8.5).
        let deepest = |target: usize, of: fn(Depth) -> u8| {
            templates.iter().filter(|it| it.indications[target] != 0).map(|it| of(it.depth)).max().unwrap_or(ALL)
        };
        let targets = (0..targets).map(|at| Depth { spatial: deepest(at, |it| it.spatial), temporal: deepest(at, |it| it.temporal) });
        Some(Self { offset, targets: targets.collect(), size, templates })
    }

    /// How many spatial layers there are.
    pub fn spatials(&self) -> u8 {
        self.templates.iter().map(|it| it.depth.spatial).max().unwrap_or(0) + 1
    }
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn flag(&mut self) -> Option<bool> {
        Some(self.take(1)? == 1)
    }

    /// Of more than 32 bits the last ones; none where so many are not there.
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value: u32 = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// A number below `n`, in as few bits as that needs (A.8.2, `ns(n)`).
    fn below(&mut self, n: u32) -> Option<u32> {
        let width = n.checked_ilog2()? + 1;
        let short = (1 << width) - n;
        let value = self.take(width - 1)?;
        if value < short { Some(value) } else { Some((value << 1) - short + self.take(1)?) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Writes descriptors as an encoder of so many spatial and temporal layers does: one template a layer, a target for each.
    pub struct Writer {
        pub spatials: u8,
        pub temporals: u8,
    }

    #[derive(Default)]
    struct Out {
        bytes: Vec<u8>,
        bits: usize,
    }

    impl Out {
        fn put(&mut self, value: u32, count: usize) {
            for at in (0..count).rev() {
                if self.bits.is_multiple_of(8) {
                    self.bytes.push(0);
                }
                *self.bytes.last_mut().unwrap() |= ((value >> at & 1) as u8) << (7 - self.bits % 8);
                self.bits += 1;
            }
        }
    }

    impl Writer {
        /// `ends` and `begins` of one spatial layer's frame.
        pub fn descriptor(&self, key: bool, begins: bool, ends: bool, depth: Depth, number: u16) -> Vec<u8> {
            let mut out = Out::default();
            out.put(u32::from(begins), 1);
            out.put(u32::from(ends), 1);
            let offset = 5;
            let template = depth.spatial * self.temporals + depth.temporal;
            out.put(u32::from((offset + template) % 64), 6);
            out.put(u32::from(number), 16);
            if !(key && begins && depth.spatial == 0) {
                return out.bytes;
            }
            out.put(0b10000, 5);
            out.put(u32::from(offset), 6);
            let layers = || (0..self.spatials).flat_map(|spatial| (0..self.temporals).map(move |temporal| Depth { spatial, temporal }));
            out.put(u32::from(self.spatials * self.temporals) - 1, 5);
            for layer in layers().skip(1) {
                out.put(if layer.temporal == 0 { NEXT_SPATIAL } else { NEXT_TEMPORAL }, 2);
            }
            out.put(NO_MORE, 2);
            for template in layers() {
                for target in layers() {
                    let indication = match (target.holds(template), target.temporal > template.temporal || template.temporal == 0) {
                        (false, _) => 0,
                        (true, true) => 2,
                        (true, false) => 1,
                    };
                    out.put(indication, 2);
                }
            }
            for template in layers() {
                out.put(u32::from(template.temporal > 0), 1);
                if template.temporal > 0 {
                    out.put(0, 4);
                    out.put(0, 1);
                }
            }
            let targets = u32::from(self.spatials * self.temporals);
            // No chains: the shortest of the codes.
            out.put(0, (targets + 1).ilog2() as usize);
            out.put(1, 1);
            for spatial in 0..self.spatials {
                let shift = self.spatials - 1 - spatial;
                out.put((1_280 >> shift) - 1, 16);
                out.put((720 >> shift) - 1, 16);
            }
            out.bytes
        }
    }

    #[test]
    fn layers_are_read_by_the_structure_of_their_key_frame() {
        for (spatials, temporals) in [(1, 1), (1, 3), (3, 1), (3, 3), (2, 2)] {
            let (writer, mut structure) = (Writer { spatials, temporals }, None);
            let at = |spatial, temporal| Depth { spatial, temporal };
            assert_eq!(read(&writer.descriptor(false, true, true, at(0, 0), 1), &mut structure), None, "no structure yet");
            let key = read(&writer.descriptor(true, true, false, at(0, 0), 2), &mut structure).unwrap();
            assert!(key.keyframe && key.begins && !key.ends);
            assert_eq!((key.size, key.depth, key.raises_to), (Some((1_280, 720)), at(0, 0), temporals - 1));
            assert_eq!(structure.as_ref().unwrap().spatials(), spatials);
            for spatial in 0..spatials {
                for temporal in 0..temporals {
                    let bytes = writer.descriptor(false, true, true, at(spatial, temporal), 7);
                    assert_eq!(bytes.len(), MANDATORY_BYTES);
                    let picture = read(&bytes, &mut structure).unwrap();
                    assert_eq!((picture.depth, picture.keyframe), (at(spatial, temporal), false));
                    let raises = if temporal == 0 || temporal + 1 < temporals { temporals - 1 } else { 0 };
                    assert_eq!(picture.raises_to, raises, "{spatial} {temporal} of {temporals}");
                }
            }
        }
    }

    #[test]
    fn the_number_is_moved_and_nothing_else() {
        let writer = Writer { spatials: 1, temporals: 3 };
        let descriptor = writer.descriptor(true, true, true, Depth { spatial: 0, temporal: 0 }, 65_530);
        let moved = moved(&descriptor, 10);
        assert_eq!(frame_number(&moved), Some(4));
        assert_eq!((moved[0], &moved[3..]), (descriptor[0], &descriptor[3..]));
        assert_eq!(super::moved(&[1, 2], 9)[..], [1, 2], "cut short");
    }

    proptest! {
        #[test]
        fn mutated_descriptors_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(), spatials in 1u8..4, temporals in 1u8..4) {
            let writer = Writer { spatials, temporals };
            let mut descriptor = writer.descriptor(true, true, true, Depth { spatial: 0, temporal: 0 }, 9);
            let length = descriptor.len();
            descriptor[at.index(length)] ^= byte;
            descriptor.truncate(cut.index(length + 1));
            let mut structure = None;
            if read(&descriptor, &mut structure).is_some() {
                let structure = structure.as_ref().unwrap();
                prop_assert!(structure.templates.len() <= TEMPLATES_MAX && structure.targets.len() <= 32);
            }
            for id in 0..64u8 {
                read(&[0xc0 | id, 0, 1], &mut structure);
            }
        }
    }
}
