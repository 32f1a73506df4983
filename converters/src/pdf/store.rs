//! The objects of a PDF by their numbers: where each is, and the last streams of objects that were read.
//!
//! The file is read where it is, some kilobytes at a time. What stays in memory is the place of each object, counted by
//! the meter, and a bounded number of inflated streams.

use std::collections::{HashMap, VecDeque};
use std::io::SeekFrom;
use std::sync::Arc;

use super::inflate::{self, Holds};
use super::lexer::{Bad, Dict, Indirect, Lexer, Value};
use crate::limits::Meter;
use crate::{ConvertError, Input, Result};

/// What is read of the file at once at the least.
const WINDOW_BYTES: usize = 16 << 10;
/// How much of an object is looked at before more is.
const FIRST_BYTES: usize = 2 << 10;
/// The longest object without its stream.
const MAX_OBJECT_BYTES: usize = 8 << 20;
/// Inflated streams of objects that are kept.
const KEPT_BYTES: usize = 32 << 20;
/// What the place of an object takes in memory.
const PLACE_BYTES: u64 = 32;
/// Bytes that may be looked at beyond four times what there is: objects do not overlap in an honest file.
const SPARE_BYTES: u64 = 16 << 20;

/// Where an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere: it was deleted.
    Free,
    /// At this offset.
    At(u64),
    /// In the object stream of this number.
    In(u32),
}

/// An object that was found in the file.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) number: u32,
    pub(super) value: Value,
    /// Where the bytes of its stream begin.
    pub(super) stream: Option<u64>,
}

/// The file with the places of its objects.
pub(super) struct Store<'a> {
    input: &'a mut dyn Input,
    pub(super) meter: &'a Meter,
    window: Vec<u8>,
    window_at: u64,
    places: HashMap<u32, Place>,
    kept: VecDeque<(u32, Arc<Pack>)>,
    kept_bytes: usize,
    /// Bytes that may still be looked at.
    allowance: u64,
    /// Bytes before the header, from which offsets may be counted.
    pub(super) shift: u64,
}

/// An inflated stream of objects: their numbers with their places in its bytes.
#[derive(Debug)]
struct Pack {
    bytes: Vec<u8>,
    index: HashMap<u32, usize>,
}

fn allowance(input: &dyn Input) -> u64 {
    input.size_bytes().saturating_mul(4).saturating_add(SPARE_BYTES)
}

pub(super) fn corrupt(reason: impl Into<String>) -> ConvertError {
    ConvertError::corrupt("the PDF", reason)
}

fn too_much(what: &str) -> ConvertError {
    ConvertError::Unsupported(format!("a PDF with {what}"))
}

impl<'a> Store<'a> {
    pub(super) fn new(input: &'a mut dyn Input, meter: &'a Meter) -> Self {
        let allowance = allowance(input);
        Self {
            input,
            meter,
            window: Vec::new(),
            window_at: 0,
            places: HashMap::new(),
            kept: VecDeque::new(),
            kept_bytes: 0,
            allowance,
            shift: 0,
        }
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.input.size_bytes()
    }

    /// Returns up to `length` bytes; fewer only at the end of the file.
    pub(super) fn bytes(&mut self, offset: u64, length: usize) -> Result<&[u8]> {
        let size = self.input.size_bytes();
        let end = offset.saturating_add(length as u64).min(size);
        let held = self.window_at..=self.window_at + self.window.len() as u64;
        if !(held.contains(&offset) && held.contains(&end)) {
            let wanted = length.max(WINDOW_BYTES) as u64;
            let length = size.saturating_sub(offset).min(wanted);
            self.window.clear();
            self.window_at = offset;
            if length > 0 {
                self.meter.check_cancelled()?;
                self.input.seek(SeekFrom::Start(offset)).map_err(ConvertError::Io)?;
                let mut part = std::io::Read::take(&mut *self.input, length);
                std::io::Read::read_to_end(&mut part, &mut self.window).map_err(ConvertError::Io)?;
                if (self.window.len() as u64) < length {
                    return Err(ConvertError::Io(std::io::ErrorKind::UnexpectedEof.into()));
                }
            }
        }
        let from = usize::try_from(offset.saturating_sub(self.window_at)).unwrap_or(usize::MAX);
        let length = usize::try_from(end.saturating_sub(offset)).unwrap_or(0);
        Ok(self.window.get(from..).and_then(|rest| rest.get(..length)).unwrap_or_default())
    }

    /// Reads something at an offset, looking at more of the file as long as that is too short.
    pub(super) fn parse<T>(
        &mut self,
        offset: u64,
        read: impl Fn(&mut Lexer<'_>) -> Result<T, Bad>,
    ) -> Result<T> {
        let mut length = FIRST_BYTES;
        loop {
            let bytes = self.bytes(offset, length)?;
            let is_all = bytes.len() < length;
            let mut lexer = Lexer::new(bytes);
            let read = read(&mut lexer);
            let looked_at = lexer.at as u64;
            self.spend(looked_at)?;
            match read {
                Ok(value) => return Ok(value),
                Err(Bad::Short) if is_all => return Err(corrupt("it ends within an object")),
                Err(Bad::Short) if length >= MAX_OBJECT_BYTES => {
                    return Err(too_much("an object of more than 8 MiB"));
                }
                Err(Bad::Short) => length = (length * 4).min(MAX_OBJECT_BYTES),
                Err(Bad::Wrong(reason)) => return Err(corrupt(reason)),
                Err(Bad::TooMuch(what)) => return Err(too_much(what)),
            }
        }
    }

    fn spend(&mut self, bytes: u64) -> Result<()> {
        self.allowance = self.allowance.checked_sub(bytes).ok_or_else(|| corrupt("its objects overlap"))?;
        Ok(())
    }

    /// Reads the object at an offset.
    pub(super) fn object_at(&mut self, offset: u64) -> Result<Found> {
        let Indirect { number, value, stream } = self.parse(offset, super::lexer::indirect)?;
        Ok(Found { number, value, stream: stream.map(|at| offset + at as u64) })
    }

    /// Notes where an object is. What is known of it already is newer.
    pub(super) fn note(&mut self, number: u32, place: Place) -> Result<()> {
        self.meter.resident(PLACE_BYTES)?;
        self.places.entry(number).or_insert(place);
        Ok(())
    }

    /// Notes where an object is, instead of what is known of it.
    pub(super) fn note_newer(&mut self, number: u32, place: Place) -> Result<()> {
        self.meter.resident(PLACE_BYTES)?;
        self.places.insert(number, place);
        Ok(())
    }

    /// Forgets what is known of the objects, to find out in another way.
    pub(super) fn forget(&mut self) {
        self.places.clear();
        self.allowance = allowance(self.input);
        self.kept.clear();
        self.kept_bytes = 0;
        self.shift = 0;
    }

    /// Returns an object; `Null` for what the file does not hold (ISO 32000-1, 7.3.10).
    pub(super) fn get(&mut self, number: u32) -> Result<Value> {
        self.meter.check_cancelled()?;
        match self.places.get(&number).copied() {
            None | Some(Place::Free) => Ok(Value::Null),
            Some(Place::At(offset)) => Ok(self.located(number, offset)?.value),
            Some(Place::In(pack)) => self.packed(number, pack),
        }
    }

    fn located(&mut self, number: u32, offset: u64) -> Result<Found> {
        let found = self.object_at(offset.saturating_add(self.shift))?;
        if found.number != number {
            return Err(corrupt("another object stands where one should"));
        }
        Ok(found)
    }

    /// Follows a reference, and one that it leads to, and so on.
    pub(super) fn resolve(&mut self, value: &Value) -> Result<Value> {
        let mut value = value.clone();
        for _ in 0..16 {
            match value {
                Value::Ref(number) => value = self.get(number)?,
                value => return Ok(value),
            }
        }
        Err(corrupt("references go in a circle"))
    }

    fn packed(&mut self, number: u32, pack: u32) -> Result<Value> {
        let pack = match self.kept.iter().find(|(kept, _)| *kept == pack) {
            Some((_, known)) => Arc::clone(known),
            None => self.unpack(pack)?,
        };
        let Some(at) = pack.index.get(&number) else { return Ok(Value::Null) };
        let mut lexer = Lexer::new(pack.bytes.get(*at..).unwrap_or_default());
        let value = lexer.value();
        self.spend(lexer.at as u64)?;
        value.map_err(|bad| match bad {
            Bad::TooMuch(what) => too_much(what),
            Bad::Short | Bad::Wrong(_) => corrupt("an object in a stream of objects cannot be read"),
        })
    }

    /// Returns the numbers of the objects of an object stream.
    pub(super) fn numbers_in(&mut self, pack: u32) -> Result<Vec<u32>> {
        Ok(self.unpack(pack)?.index.keys().copied().collect())
    }

    fn unpack(&mut self, number: u32) -> Result<Arc<Pack>> {
        let Some(Place::At(offset)) = self.places.get(&number).copied() else {
            return Err(corrupt("a stream of objects is missing"));
        };
        let found = self.located(number, offset)?;
        let (Value::Dict(dict), Some(start)) = (&found.value, found.stream) else {
            return Err(corrupt("a stream of objects is none"));
        };
        let mut bytes = Vec::new();
        inflate::stream(self, (dict, start), Holds::Objects, &mut |chunk| {
            bytes.extend_from_slice(chunk);
            if bytes.len() > KEPT_BYTES {
                Err(too_much("a stream of more than 32 MiB of objects"))
            } else {
                Ok(())
            }
        })?;
        // A last object that is a number would otherwise seem cut.
        bytes.push(b'\n');
        self.allowance = self.allowance.saturating_add(bytes.len() as u64 * 2);
        let pack = Arc::new(Pack { index: index(dict, &bytes)?, bytes });
        self.keep(number, &pack);
        Ok(pack)
    }

    fn keep(&mut self, number: u32, pack: &Arc<Pack>) {
        let weight = |pack: &Pack| pack.bytes.len() + pack.index.len() * 32;
        self.kept_bytes += weight(pack);
        self.kept.push_front((number, Arc::clone(pack)));
        while self.kept_bytes > KEPT_BYTES && self.kept.len() > 1 {
            if let Some((_, oldest)) = self.kept.pop_back() {
                self.kept_bytes = self.kept_bytes.saturating_sub(weight(&oldest));
            }
        }
    }
}

/// Reads the pairs of number and place with which an object stream begins (ISO 32000-1, 7.5.7).
fn index(dict: &Dict, bytes: &[u8]) -> Result<HashMap<u32, usize>> {
    let broken = || corrupt("the index of a stream of objects is broken");
    let first = dict.number("First").and_then(|n| usize::try_from(n).ok()).ok_or_else(broken)?;
    let count = dict.number("N").ok_or_else(broken)?;
    let head = bytes.get(..first).ok_or_else(broken)?;
    let mut lexer = Lexer::new(head);
    let mut index = HashMap::new();
    for _ in 0..count {
        let mut next = || super::lexer::number(lexer.word()).and_then(|n| usize::try_from(n).ok());
        let (number, at) = (next().ok_or_else(broken)?, next().ok_or_else(broken)?);
        let number = u32::try_from(number).map_err(|_| broken())?;
        index.insert(number, first.saturating_add(at));
    }
    Ok(index)
}
