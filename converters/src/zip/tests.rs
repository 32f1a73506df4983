use std::io::{Cursor, Write};

use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, ZipWriter};

use super::*;
use crate::Limits;

/// Where the fields of headers lie (APPNOTE 4.3.7 and 4.3.12).
const LOCAL_NAME: usize = 30;
const CENTRAL_CRC: usize = 16;
const CENTRAL_COMPRESSED: usize = 20;
const CENTRAL_UNCOMPRESSED: usize = 24;
const CENTRAL_OFFSET: usize = 42;
const CENTRAL_NAME: usize = 46;

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Returns where the central header of the `n`th entry begins.
fn central(bytes: &[u8], n: usize) -> usize {
    memchr::memmem::find_iter(bytes, b"PK\x01\x02").nth(n).unwrap()
}

fn read(bytes: &[u8], name: &str) -> Result<Option<Vec<u8>>> {
    let meter = Meter::new(Limits::default(), bytes.len() as u64);
    let mut input = Cursor::new(bytes);
    Package::open(&mut input, &meter)?.read(name)
}

fn error(bytes: &[u8], name: &str) -> String {
    read(bytes, name).unwrap_err().to_string()
}

#[test]
fn reads_parts_by_name_without_case() {
    let big = b"0123456789".repeat(20_000);
    let bytes = archive(&[("word/Document.xml", b"hello"), ("big", &big)]);
    assert_eq!(read(&bytes, "/WORD/document.xml").unwrap().unwrap(), b"hello");
    assert_eq!(read(&bytes, "big").unwrap().unwrap(), big);
    assert!(read(&bytes, "other").unwrap().is_none());
}

#[test]
fn reads_behind_a_prefix_and_before_a_comment() {
    let mut bytes = b"#!/bin/sh\n".to_vec();
    bytes.extend(archive(&[("a", b"text")]));
    assert_eq!(read(&bytes, "a").unwrap().unwrap(), b"text");
    let mut bytes = archive(&[("a", b"text")]);
    let at = bytes.len() - 2;
    bytes[at..].copy_from_slice(&1000_u16.to_le_bytes());
    bytes.extend([b'c'; 1000]);
    assert_eq!(read(&bytes, "a").unwrap().unwrap(), b"text");
}

#[test]
fn reads_zip64_records_with_and_without_a_prefix() {
    let plain = archive(&[("a", b"text")]);
    let at = central(&plain, 0);
    let end = memchr::memmem::rfind(&plain, b"PK\x05\x06").unwrap();
    let (size, offset) = ((end - at) as u64, at as u64);
    let mut bytes = plain[..end].to_vec();
    bytes.extend(b"PK\x06\x06");
    bytes.extend(44_u64.to_le_bytes());
    bytes.extend([45, 0, 45, 0]);
    bytes.extend([0; 8]);
    for value in [1, 1, size, offset] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(b"PK\x06\x07\0\0\0\0");
    bytes.extend((end as u64).to_le_bytes());
    bytes.extend([1, 0, 0, 0]);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([0xFF; 12]);
    bytes.extend([0, 0]);
    assert_eq!(read(&bytes, "a").unwrap().unwrap(), b"text");
    bytes.splice(..0, *b"prefix");
    assert_eq!(read(&bytes, "a").unwrap().unwrap(), b"text");
}

#[test]
fn refuses_two_entries_of_one_name() {
    let mut bytes = archive(&[("abc", b"1"), ("abd", b"2")]);
    let at = central(&bytes, 1) + CENTRAL_NAME;
    bytes[at..at + 3].copy_from_slice(b"ABC");
    assert_eq!(error(&bytes, "abc"), "the ZIP directory is damaged: it holds two entries named `ABC`");
}

#[test]
fn refuses_a_local_name_that_differs() {
    let mut bytes = archive(&[("abc", b"1")]);
    bytes[LOCAL_NAME] = b'x';
    assert_eq!(error(&bytes, "abc"), "abc is damaged: its local header disagrees with the directory");
}

#[test]
fn refuses_entries_that_share_bytes() {
    let mut bytes = archive(&[("abc", b"1"), ("abd", b"2")]);
    let at = central(&bytes, 1) + CENTRAL_OFFSET;
    bytes[at..at + 4].copy_from_slice(&0_u32.to_le_bytes());
    assert_eq!(error(&bytes, "abc"), "the ZIP directory is damaged: its entries overlap");
}

#[test]
fn refuses_entries_outside_the_file() {
    let mut bytes = archive(&[("abc", b"1")]);
    let at = central(&bytes, 0) + CENTRAL_COMPRESSED;
    bytes[at..at + 4].copy_from_slice(&1_000_000_u32.to_le_bytes());
    assert_eq!(error(&bytes, "abc"), "the ZIP directory is damaged: `abc` lies outside the file");
}

#[test]
fn refuses_sizes_and_checksums_that_lie() {
    let whole = archive(&[("abc", b"hello")]);
    let mut bytes = whole.clone();
    let at = central(&bytes, 0) + CENTRAL_UNCOMPRESSED;
    bytes[at..at + 4].copy_from_slice(&6_u32.to_le_bytes());
    assert_eq!(error(&bytes, "abc"), "abc is damaged: it holds 5 bytes, not 6");
    let mut bytes = whole.clone();
    let at = central(&bytes, 0) + CENTRAL_CRC;
    bytes[at] ^= 1;
    assert_eq!(error(&bytes, "abc"), "abc is damaged: its CRC-32 does not match");
    let mut bytes = whole;
    let at = central(&bytes, 0) + CENTRAL_COMPRESSED;
    bytes[at] -= 2;
    assert_eq!(error(&bytes, "abc"), "abc is damaged: its compressed data ends early");
}

#[test]
fn refuses_what_is_cut_short() {
    let bytes = archive(&[("abc", b"hello"), ("def", b"world")]);
    for len in 0..bytes.len() {
        assert!(read(&bytes[..len], "abc").is_err(), "{len} of {} bytes", bytes.len());
    }
}

#[test]
fn a_flipped_byte_is_noticed_or_harmless() {
    let bytes = archive(&[("abc", b"hello hello hello"), ("def", b"world")]);
    for at in 0..bytes.len() {
        for bit in [1, 0x80] {
            let mut bytes = bytes.clone();
            bytes[at] ^= bit;
            if let Ok(Some(read)) = read(&bytes, "abc") {
                assert_eq!(read, b"hello hello hello", "byte {at}");
            }
        }
    }
}

#[test]
fn refuses_a_bomb_while_it_inflates() {
    let bytes = archive(&[("abc", &vec![0; 50 << 20])]);
    let error = read(&bytes, "abc").unwrap_err();
    assert!(matches!(&error, ConvertError::Limit(limit) if limit.flag == "--max-ratio"), "{error}");
}

#[test]
fn names_that_are_not_utf8_stay_distinct() {
    let mut bytes = archive(&[("a1", b"1"), ("a2", b"2")]);
    for (n, byte) in [(0, 0x81), (1, 0x82)] {
        let at = central(&bytes, n) + CENTRAL_NAME + 1;
        bytes[at] = byte;
    }
    for (needle, byte) in [(b"a1", 0x81), (b"a2", 0x82)] {
        let at = memchr::memmem::find(&bytes, needle).unwrap();
        bytes[at + 1] = byte;
    }
    assert_eq!(read(&bytes, "a\u{82}").unwrap().unwrap(), b"2");
}
