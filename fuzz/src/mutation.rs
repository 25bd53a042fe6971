//! Inputs that resemble the seeds, for tests that have no coverage to steer by.

/// Makes inputs out of seeds, the same ones for the same number.
#[derive(Debug)]
pub struct Mutator {
    random: fastrand::Rng,
    seeds: Vec<Vec<u8>>,
}

/// Bytes that mean something to one of the parsers.
const WORDS: [&[u8]; 24] = [
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\0",
    b"\\ud83d",
    b"\\ude00",
    b"\\",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"null",
    b"NaN",
    b"1e999",
    b"-1",
    b"data: ",
    b"event: error\n",
    b": ",
    b"%2F",
    b"@",
    b"../",
    b"18446744073709551616",
];

impl Mutator {
    /// Makes a mutator of these seeds.
    pub fn new(number: u64, seeds: Vec<Vec<u8>>) -> Self {
        Self { random: fastrand::Rng::with_seed(number), seeds }
    }

    /// Returns the next input.
    pub fn input(&mut self) -> Vec<u8> {
        let mut input = self.seed().to_vec();
        for _ in 0..self.random.usize(1..8) {
            self.change(&mut input);
        }
        input
    }

    fn seed(&mut self) -> &[u8] {
        let at = self.random.usize(..self.seeds.len().max(1));
        self.seeds.get(at).map_or(&[], Vec::as_slice)
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.random.usize(..=input.len());
        let end = (at + self.random.usize(..16)).min(input.len());
        match self.random.u8(..7) {
            0 if at < input.len() => input[at] ^= 1 << self.random.u8(..8),
            1 => drop(input.drain(at..end)),
            2 => drop(input.splice(at..at, WORDS[self.random.usize(..WORDS.len())].to_vec())),
            3 => {
                let again = input[at..end].to_vec();
                input.splice(at..at, again);
            }
            4 => input.truncate(at),
            5 => {
                let word = WORDS[self.random.usize(..WORDS.len())];
                let end = (at + word.len()).min(input.len());
                input.splice(at..end, word.to_vec());
            }
            _ => {
                let other = self.seed().to_vec();
                let from = self.random.usize(..=other.len());
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
        }
    }
}
