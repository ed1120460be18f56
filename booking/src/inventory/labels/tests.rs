//! A sheet is read back as a telephone reads it: what stands on the page is painted into a bitmap and searched for codes. Where poppler's
//! `pdftoppm` is there, it paints the page a second time.

use super::*;
use rqrr::PreparedImage;
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// Pixels in a point: 200 dots an inch, which every printer has.
const SCALE: f32 = 200.0 / 72.0;

fn labels(count: usize) -> Vec<Label> {
    let label = |number: usize| Label {
        tag: format!("CBJ-CAM-{number}"),
        name: "Kamera utama di hadapan meja besar".into(),
        site: "MAMPU Cawangan Sarawak".into(),
        address: format!("https://sidang.jdn.gov.my/f/CBJ-CAM-{number}"),
    };
    (1..=count).map(label).collect()
}

/// The content of each page: our own streams are not compressed.
fn contents(pdf: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(pdf);
    let streams = text.split("stream\n").skip(1).step_by(2);
    streams.map(|it| it.split("\nendstream").next().unwrap().to_owned()).collect()
}

/// Paints the rectangles of a page: `x y width height re`.
fn painted(content: &str) -> (usize, usize, Vec<u8>) {
    let (width, height) = ((PAGE.0 * SCALE).ceil() as usize, (PAGE.1 * SCALE).ceil() as usize);
    let mut pixels = vec![255; width * height];
    for line in content.lines().filter(|it| it.ends_with(" re")) {
        let numbers: Vec<f32> = line.split(' ').filter_map(|it| it.parse().ok()).collect();
        let [x, y, wide, high] = numbers[..] else { panic!("{line}") };
        assert!(x >= 0.0 && y >= 0.0 && x + wide <= PAGE.0 && y + high <= PAGE.1, "off the page: {line}");
        let rows = ((PAGE.1 - y - high) * SCALE).round() as usize..((PAGE.1 - y) * SCALE).round() as usize;
        for row in rows {
            for column in (x * SCALE).round() as usize..((x + wide) * SCALE).round() as usize {
                pixels[row * width + column] = 0;
            }
        }
    }
    (width, height, pixels)
}

/// The address that a telephone held over each label reads, place by place; none where there is no code.
fn read((width, height, pixels): &(usize, usize, Vec<u8>)) -> Vec<Option<String>> {
    let label = ((LABEL.0 * SCALE) as usize, (LABEL.1 * SCALE) as usize);
    let at = |place: usize| {
        let (left, top) = ((place % COLUMNS) * label.0, (TOP * SCALE) as usize + (place / COLUMNS) * label.1);
        let pixel = |x: usize, y: usize| match (left + x < *width, top + y < *height) {
            (true, true) => pixels[(top + y) * width + left + x],
            _ => 255,
        };
        let mut image = PreparedImage::prepare_from_greyscale(label.0, label.1, pixel);
        let grids = image.detect_grids();
        assert!(grids.len() <= 1, "two codes on one label");
        grids.first().map(|grid| grid.decode().unwrap().1)
    };
    (0..PER_PAGE).map(at).collect()
}

/// What is to be read of a page that begins with so many free places.
fn expected(skip: usize, labels: &[Label]) -> Vec<Option<String>> {
    let places = std::iter::repeat_n(None, skip).chain(labels.iter().map(|it| Some(it.address.clone())));
    places.chain(std::iter::repeat(None)).take(PER_PAGE).collect()
}

#[test]
fn every_code_of_every_sheet_reads_back_as_its_address() {
    let all = labels(30);
    let pages = contents(&sheets(&all, 0).unwrap());
    assert_eq!(pages.len(), 2);
    assert_eq!(read(&painted(&pages[0])), expected(0, &all[..24]));
    assert_eq!(read(&painted(&pages[1])), expected(0, &all[24..]));
    for (label, page) in all.iter().zip(std::iter::repeat_n(&pages[0], 24).chain(std::iter::repeat(&pages[1]))) {
        assert!(page.contains(&format!("({})", label.tag)), "{}", label.tag);
    }
    assert!(pages[0].contains(SCAN_MS) && pages[0].contains(SCAN_EN));
}

#[test]
fn labels_that_were_used_are_skipped() {
    let all = labels(3);
    let pages = contents(&sheets(&all, 22).unwrap());
    assert_eq!(read(&painted(&pages[0])), expected(22, &all[..2]));
    assert_eq!(read(&painted(&pages[1])), expected(0, &all[2..]));
    assert_eq!(contents(&sheets(&all, usize::MAX).unwrap()).len(), 2);
    assert_eq!(contents(&sheets(&[], 0).unwrap()).len(), 1);
}

#[test]
fn an_address_that_no_code_can_hold_is_an_error() {
    let label = Label { address: "x".repeat(4000), ..labels(1).remove(0) };
    assert!(sheets(&[label], 0).is_err());
}

#[test]
fn poppler_paints_what_we_drew() {
    let all = labels(5);
    let run = Command::new("pdftoppm").args(["-gray", "-r", "200", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut run) = run else {
        eprintln!("not run: there is no pdftoppm");
        return;
    };
    run.stdin.take().unwrap().write_all(&sheets(&all, 0).unwrap()).unwrap();
    let pgm = run.wait_with_output().unwrap().stdout;
    // P5, width and height, 255, then a byte a pixel (Netpbm).
    let mut parts = pgm.splitn(4, |it| *it == b'\n');
    let (magic, size) = (parts.next().unwrap(), String::from_utf8_lossy(parts.next().unwrap()).into_owned());
    let pixels = parts.nth(1).unwrap().to_vec();
    let (width, height) = size.split_once(' ').unwrap();
    let page = (width.parse().unwrap(), height.parse().unwrap(), pixels);
    assert_eq!((magic, page.2.len()), (&b"P5"[..], page.0 * page.1));
    assert_eq!(read(&page), expected(0, &all));
}
