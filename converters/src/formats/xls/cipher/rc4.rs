//! RC4. Own, because the known crate fixes the size of a key by its type, and a workbook says it.

/// The cipher's state.
#[derive(Debug)]
pub(super) struct Rc4 {
    state: [u8; 256],
    i: u8,
    j: u8,
}

impl Rc4 {
    pub(super) fn new(key: &[u8]) -> Self {
        let mut cipher = Self { state: std::array::from_fn(|i| i.to_le_bytes()[0]), i: 0, j: 0 };
        let mut j = 0u8;
        for (i, key) in (0..=255u8).zip(key.iter().cycle()) {
            j = j.wrapping_add(cipher.state[usize::from(i)]).wrapping_add(*key);
            cipher.state.swap(usize::from(i), usize::from(j));
        }
        cipher
    }

    fn next(&mut self) -> u8 {
        self.i = self.i.wrapping_add(1);
        let a = self.state[usize::from(self.i)];
        self.j = self.j.wrapping_add(a);
        let b = self.state[usize::from(self.j)];
        self.state.swap(usize::from(self.i), usize::from(self.j));
        self.state[usize::from(a.wrapping_add(b))]
    }

    /// Deciphers the bytes that follow.
    pub(super) fn apply(&mut self, data: &mut [u8]) {
        data.iter_mut().for_each(|byte| *byte ^= self.next());
    }

    /// Passes over bytes.
    pub(super) fn skip(&mut self, bytes: u64) {
        for _ in 0..bytes {
            self.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_streams_of_rfc_6229() {
        for (at, expected) in [(0, 0xb2396305f03dc027_u64), (1008, 0x45129048e6a0ed0b)] {
            let (mut cipher, mut data) = (Rc4::new(&[1, 2, 3, 4, 5]), [0; 8]);
            cipher.skip(at);
            cipher.apply(&mut data);
            assert_eq!(u64::from_be_bytes(data), expected, "{at}");
        }
    }
}
