//! From the bytes that somebody sent to the two pictures that are kept: decoded within bounds, turned upright, made smaller, and encoded anew,
//! so that nothing of the file remains but what one sees.

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage, codecs::jpeg::JpegEncoder, imageops::FilterType};
use std::io::Cursor;
use wire::{Code, Refusal};

/// The longer side of what is kept, in pixels: enough to read a type plate.
pub const FULL_SIDE_MAX: u32 = 1600;
/// The longer side of the small one.
pub const THUMB_SIDE_MAX: u32 = 320;
/// A telephone's camera has twelve million, some twenty-four.
pub const PIXELS_MAX: u64 = 25_000_000;
/// Longer than any camera's picture; a file may say what it likes.
const SIDE_MAX: u32 = 16_384;
/// What the decoder may take beside its own tables: three bytes a pixel, and room for an alpha channel.
const DECODED_BYTES_MAX: u64 = 4 * PIXELS_MAX;
/// Nobody sees the difference to 100, and the file is a fifth.
const QUALITY: u8 = 82;

/// Two JPEG files and the size of the larger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub full: Vec<u8>,
    pub thumb: Vec<u8>,
    pub width: u32,
    pub height: u32,
}

/// The pictures of what was sent, or why there are none. It takes a tenth of a second and more: not for the runtime's own threads.
pub fn picture(bytes: &[u8]) -> Result<Picture, Refusal> {
    let format = image::guess_format(bytes).ok().filter(|it| matches!(it, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP));
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format.ok_or_else(|| unusable("format"))?);
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(refused)?;
    // Before a byte of the picture is decoded: the header says how large it would become.
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(unusable("damaged"));
    }
    if u64::from(width) * u64::from(height) > PIXELS_MAX || decoder.total_bytes() > DECODED_BYTES_MAX {
        return Err(unusable("pixels"));
    }
    limits.reserve(decoder.total_bytes()).map_err(refused)?;
    decoder.set_limits(limits).map_err(refused)?;
    let turned = decoder.orientation().map_err(refused)?;
    let mut whole = DynamicImage::from_decoder(decoder).map_err(refused)?;
    whole.apply_orientation(turned);
    let full = on_white(smaller(whole, FULL_SIDE_MAX));
    let (width, height) = full.dimensions();
    let thumb = smaller(DynamicImage::ImageRgb8(full.clone()), THUMB_SIDE_MAX).into_rgb8();
    Ok(Picture { full: jpeg(&full)?, thumb: jpeg(&thumb)?, width, height })
}

fn smaller(picture: DynamicImage, side_max: u32) -> DynamicImage {
    match picture.width().max(picture.height()) > side_max {
        true => picture.resize(side_max, side_max, FilterType::Triangle),
        false => picture,
    }
}

/// JPEG has no transparency; what is seen through is white, as on paper.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [r, g, b, alpha] = picture.get_pixel(x, y).0;
        let over = |it: u8| ((u16::from(it) * u16::from(alpha) + 255 * (255 - u16::from(alpha))) / 255) as u8;
        image::Rgb([over(r), over(g), over(b)])
    })
}

fn jpeg(picture: &RgbImage) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)).map_err(refused)?;
    Ok(bytes)
}

fn refused(error: image::ImageError) -> Refusal {
    unusable(match error {
        image::ImageError::Limits(_) => "pixels",
        image::ImageError::Unsupported(_) => "format",
        _ => "damaged",
    })
}

fn unusable(reason: &'static str) -> Refusal {
    Refusal::new(Code::PhotographUnusable).with("reason", reason).with("pixels_max", PIXELS_MAX)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use image::ExtendedColorType;

    /// A picture with a different colour in each corner: red, green, blue, white from the top left, row by row.
    fn corners(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            image::Rgb(match (x < width / 2, y < height / 2) {
                (true, true) => [255, 0, 0],
                (false, true) => [0, 255, 0],
                (true, false) => [0, 0, 255],
                (false, false) => [255, 255, 255],
            })
        })
    }

    pub(crate) fn file(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        corners(width, height).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// An Exif segment with an orientation and a GPS latitude, as telephones write them (Exif 2.3, section 4.6).
    fn exif(orientation: u8) -> Vec<u8> {
        let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x02".to_vec();
        tiff.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
        tiff.extend([0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38]);
        tiff.extend([0; 4]);
        tiff.extend(b"\0\x01\0\x01\0\x02\0\0\0\x05GPS-LATITUDE-3.139N\0");
        let mut segment = vec![0xff, 0xe1];
        segment.extend(u16::try_from(tiff.len() + 8).unwrap().to_be_bytes());
        segment.extend(b"Exif\0\0");
        segment.extend(tiff);
        segment
    }

    pub(crate) fn photographed(orientation: u8, width: u32, height: u32) -> Vec<u8> {
        let plain = file(ImageFormat::Jpeg, width, height);
        [&plain[..2], &exif(orientation), &plain[2..]].concat()
    }

    fn decoded(jpeg: &[u8]) -> RgbImage {
        assert_eq!(image::guess_format(jpeg).unwrap(), ImageFormat::Jpeg);
        image::load_from_memory(jpeg).unwrap().into_rgb8()
    }

    fn is_red(picture: &RgbImage, x: u32, y: u32) -> bool {
        let [r, g, b] = picture.get_pixel(x, y).0;
        r > 200 && g < 60 && b < 60
    }

    #[test]
    fn each_kind_of_file_becomes_two_small_jpegs() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let it = picture(&file(format, 2000, 1000)).unwrap();
            assert_eq!((it.width, it.height), (1600, 800), "{format:?}");
            assert_eq!((decoded(&it.full).dimensions(), decoded(&it.thumb).dimensions()), ((1600, 800), (320, 160)));
            assert!(is_red(&decoded(&it.full), 100, 100) && is_red(&decoded(&it.thumb), 20, 20), "{format:?}");
        }
        let small = picture(&file(ImageFormat::Png, 8, 4)).unwrap();
        assert_eq!((small.width, small.height, decoded(&small.thumb).dimensions()), (8, 4, (8, 4)), "nothing is made larger");
        assert_eq!(picture(&file(ImageFormat::Png, 5000, 1)).unwrap().height, 1);
    }

    #[test]
    fn what_a_telephone_writes_into_a_file_is_used_and_gone() {
        let sent = photographed(6, 400, 200);
        assert!(sent.windows(4).any(|it| it == b"Exif") && sent.windows(12).any(|it| it == b"GPS-LATITUDE"));
        let it = picture(&sent).unwrap();
        assert_eq!((it.width, it.height), (200, 400), "turned upright");
        assert!(is_red(&decoded(&it.full), 190, 10), "the top left corner is at the top right after a quarter turn");
        for kept in [&it.full, &it.thumb] {
            assert!(!kept.windows(4).any(|it| it == b"Exif" || it == b"GPS-"));
        }
    }

    #[test]
    fn what_is_seen_through_is_white() {
        let clear = image::RgbaImage::from_pixel(4, 4, image::Rgba([0, 0, 0, 0]));
        let mut bytes = Cursor::new(Vec::new());
        clear.write_to(&mut bytes, ImageFormat::Png).unwrap();
        assert_eq!(decoded(&picture(&bytes.into_inner()).unwrap().full).get_pixel(1, 1).0, [255, 255, 255]);
    }

    fn reason(bytes: &[u8]) -> String {
        let refusal = picture(bytes).unwrap_err();
        assert_eq!(refusal.code, Code::PhotographUnusable);
        refusal.values["reason"].as_str().unwrap().to_owned()
    }

    /// A PNG file of a few bytes that says it is that large.
    fn bomb(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image::codecs::png::PngEncoder::new(&mut bytes);
        use image::ImageEncoder;
        image::codecs::png::PngEncoder::new(&mut bytes).write_image(&[0; 3], 1, 1, ExtendedColorType::Rgb8).unwrap();
        let mut bytes = bytes.into_inner();
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        let check = crc32(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&check.to_be_bytes());
        bytes
    }

    /// The check value of a PNG chunk (ISO 3309).
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc: u32, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
        })
    }

    #[test]
    fn what_would_become_too_large_is_refused_by_its_header() {
        for (width, height) in [(60_000, 60_000), (16_385, 1), (5_001, 5_000), (u32::MAX >> 1, 1)] {
            assert_eq!(reason(&bomb(width, height)), "pixels", "{width} x {height}");
        }
        assert_eq!(reason(&bomb(100, 100)), "damaged", "it says 100 x 100 and holds one pixel");
        // A real one, of one colour: 36 million pixels in some tens of kilobytes.
        let mut bytes = Cursor::new(Vec::new());
        image::GrayImage::new(6000, 6000).write_to(&mut bytes, ImageFormat::Png).unwrap();
        assert_eq!(reason(&bytes.into_inner()), "pixels");
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        for not in [&b""[..], b"GIF89a\x01\0\x01\0", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"BM\0\0", &[0; 64]] {
            assert_eq!(reason(not), "format", "{not:?}");
        }
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let whole = file(format, 64, 64);
            for cut in [12, whole.len() / 8] {
                assert!(matches!(reason(&whole[..cut]).as_str(), "damaged" | "format"), "{format:?} {cut}");
            }
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]
        /// Input never panics: a file with bytes changed is a picture or a refusal.
        #[test]
        fn a_changed_file_is_a_picture_or_a_refusal(kind in 0..3usize, at in proptest::collection::vec((0..4096usize, 0..=255u8), 1..8)) {
            let mut bytes = file([ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP][kind], 48, 32);
            for (place, byte) in at {
                let place = place % bytes.len();
                bytes[place] = byte;
            }
            if let Err(refusal) = picture(&bytes) {
                proptest::prop_assert_eq!(refusal.code, Code::PhotographUnusable);
            }
        }
    }
}
