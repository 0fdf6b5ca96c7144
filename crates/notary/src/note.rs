//! Signed notes: a text and the signatures under it (C2SP signed-note, v1.0.0), their keys, and cosignatures (C2SP
//! tlog-cosignature, v1.0.1, `cosignature/v1`).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature as Ed25519, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::lines::from_decimal;

/// The longest note that is read, in bytes.
pub const NOTE_LIMIT: usize = 256 * 1024;
/// The most signatures that are read under one note; the specification asks for at least 16.
const SIGNATURES: usize = 128;
/// What every signature line begins with: an em dash and a space.
const DASH: &str = "\u{2014} ";
/// The type byte of an Ed25519 signature over the text.
const ED25519: u8 = 0x01;
/// The type byte of an Ed25519 cosignature with a time.
const COSIGNATURE: u8 = 0x04;

/// A key cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseKeyError {
    /// It is not `NAME+HASH+BASE64`, or `PRIVATE+KEY+NAME+HASH+BASE64`.
    Shape,
    /// The name is empty, or has white space or a plus sign in it.
    Name,
    /// The hash in it is not that of name and key: it was altered or cut.
    Hash,
    /// It is of a type that is not known here; the type byte is given.
    Type(u8),
    /// It has not the right number of bytes, or they are no key.
    Bytes,
}

impl fmt::Display for ParseKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot read the key: ")?;
        match self {
            ParseKeyError::Shape => f.write_str("it is not written as NAME+HASH+BASE64"),
            ParseKeyError::Name => f.write_str("its name is empty, or has a space or a plus sign in it"),
            ParseKeyError::Hash => {
                f.write_str("its hash does not belong to its name and bytes; it was altered or cut")
            }
            ParseKeyError::Type(kind) => {
                write!(f, "it is of type {kind:#04x}, which is not known here (0x01 and 0x04 are)")
            }
            ParseKeyError::Bytes => f.write_str("its bytes are no Ed25519 key"),
        }
    }
}

impl std::error::Error for ParseKeyError {}

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// The text of a note: a log.
    Log,
    /// A checkpoint and the time at which it was seen: a witness.
    Witness,
}

impl KeyKind {
    fn byte(self) -> u8 {
        match self {
            KeyKind::Log => ED25519,
            KeyKind::Witness => COSIGNATURE,
        }
    }

    fn of(byte: u8) -> Result<Self, ParseKeyError> {
        match byte {
            ED25519 => Ok(KeyKind::Log),
            COSIGNATURE => Ok(KeyKind::Witness),
            other => Err(ParseKeyError::Type(other)),
        }
    }
}

/// A public key with its name, as it is handed around in text: `NAME+HASH+BASE64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    key: VerifyingKey,
}

/// Whether a name can stand in a key and in a signature line.
fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// The four bytes by which a signature names its key: of SHA-256 over name, LF, type and public key.
fn key_id(name: &str, kind: KeyKind, key: &VerifyingKey) -> [u8; 4] {
    let mut hasher = Sha256::new();
    for piece in [name.as_bytes(), b"\n", &[kind.byte()], key.as_bytes()] {
        hasher.update(piece);
    }
    let hash: [u8; 32] = hasher.finalize().into();
    [hash[0], hash[1], hash[2], hash[3]]
}

/// Name, hash, kind and bytes of a key.
type KeyParts<'a> = (&'a str, [u8; 4], KeyKind, [u8; 32]);

/// Splits `NAME+HASH+BASE64`, decodes type and bytes, and leaves the hash for the caller to compare.
fn split_key(text: &str) -> Result<KeyParts<'_>, ParseKeyError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(hash), Some(bytes)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(ParseKeyError::Shape);
    };
    if !is_key_name(name) {
        return Err(ParseKeyError::Name);
    }
    let plain = hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let hash = plain.then(|| u32::from_str_radix(hash, 16).ok()).flatten().ok_or(ParseKeyError::Shape)?;
    let bytes = STANDARD.decode(bytes).map_err(|_| ParseKeyError::Shape)?;
    let (&kind, key) = bytes.split_first().ok_or(ParseKeyError::Bytes)?;
    let kind = KeyKind::of(kind)?;
    let key = key.try_into().map_err(|_| ParseKeyError::Bytes)?;
    Ok((name, hash.to_be_bytes(), kind, key))
}

impl VerifierKey {
    /// Reads `NAME+HASH+BASE64`.
    ///
    /// # Errors
    /// [`ParseKeyError`]; keys of other types than Ed25519 are named as such.
    pub fn parse(text: &str) -> Result<Self, ParseKeyError> {
        let (name, id, kind, bytes) = split_key(text)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| ParseKeyError::Bytes)?;
        let key = Self { name: name.to_owned(), kind, key };
        if key.id() == id { Ok(key) } else { Err(ParseKeyError::Hash) }
    }

    /// Its name: of a log, the log's origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The same key under another name: that of another shard. None if the name cannot be one.
    pub fn renamed(&self, name: &str) -> Option<Self> {
        is_key_name(name).then(|| Self { name: name.to_owned(), ..self.clone() })
    }

    /// The four bytes by which a signature names it.
    pub fn id(&self) -> [u8; 4] {
        key_id(&self.name, self.kind, &self.key)
    }

    /// Whether this is a signature of this key over the text; of a cosignature, the time in seconds since 1970.
    fn check(&self, text: &str, signature: &[u8]) -> Option<Option<u64>> {
        let (time, message, signature) = match self.kind {
            KeyKind::Log => (None, text.to_owned(), signature),
            KeyKind::Witness => {
                let (time, rest) = signature.split_first_chunk::<8>()?;
                let time = u64::from_be_bytes(*time);
                (Some(time), cosigned(time, text), rest)
            }
        };
        let signature = Ed25519::from_slice(signature).ok()?;
        self.key.verify_strict(message.as_bytes(), &signature).ok().map(|()| time)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_key(f, &self.name, self.id(), self.kind, self.key.as_bytes())
    }
}

fn write_key(
    out: &mut impl fmt::Write,
    name: &str,
    id: [u8; 4],
    kind: KeyKind,
    key: &[u8; 32],
) -> fmt::Result {
    let mut bytes = [kind.byte(); 33];
    bytes[1..].copy_from_slice(key);
    write!(out, "{name}+{:08x}+{}", u32::from_be_bytes(id), STANDARD.encode(bytes))
}

/// What a witness signs: the time and the whole text of the checkpoint.
fn cosigned(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// A secret key with its name. It is never shown but by [`SignerKey::to_text`], which is what the key file holds.
#[derive(Clone)]
pub struct SignerKey {
    name: String,
    kind: KeyKind,
    key: SigningKey,
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignerKey").field("public", &self.verifier().to_string()).finish_non_exhaustive()
    }
}

impl SignerKey {
    /// A key from 32 random bytes.
    ///
    /// # Errors
    /// [`ParseKeyError::Name`] if the name cannot be one.
    pub fn new(name: &str, kind: KeyKind, seed: &[u8; 32]) -> Result<Self, ParseKeyError> {
        if !is_key_name(name) {
            return Err(ParseKeyError::Name);
        }
        Ok(Self { name: name.to_owned(), kind, key: SigningKey::from_bytes(seed) })
    }

    /// Reads `PRIVATE+KEY+NAME+HASH+BASE64`; white space around it is left out, for it comes from a file.
    ///
    /// # Errors
    /// [`ParseKeyError`].
    pub fn parse(text: &str) -> Result<Self, ParseKeyError> {
        // not copy: a key file's last line end
        let text = text.trim().strip_prefix("PRIVATE+KEY+").ok_or(ParseKeyError::Shape)?;
        let (name, id, kind, seed) = split_key(text)?;
        let key = Self::new(name, kind, &seed)?;
        if key.verifier().id() == id { Ok(key) } else { Err(ParseKeyError::Hash) }
    }

    /// The secret in the form that [`SignerKey::parse`] reads, with the line's end.
    pub fn to_text(&self) -> String {
        let mut out = "PRIVATE+KEY+".to_owned();
        let _ = write_key(&mut out, &self.name, self.verifier().id(), self.kind, self.key.as_bytes());
        out.push('\n');
        out
    }

    /// The public half.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey { name: self.name.clone(), kind: self.kind, key: self.key.verifying_key() }
    }

    /// The same key under another name: each shard of a log signs by the shard's own origin.
    ///
    /// # Errors
    /// [`ParseKeyError::Name`] if the name cannot be one.
    pub fn named(&self, name: &str) -> Result<Self, ParseKeyError> {
        Self::new(name, self.kind, self.key.as_bytes())
    }

    /// Signs a text that ends with LF. `time`, in seconds since 1970, is what a witness signs with it; a log has none.
    pub fn sign(&self, text: &str, time: u64) -> Signature {
        let blob = match self.kind {
            KeyKind::Log => self.key.sign(text.as_bytes()).to_bytes().to_vec(),
            KeyKind::Witness => {
                let signature = self.key.sign(cosigned(time, text).as_bytes());
                [&time.to_be_bytes()[..], &signature.to_bytes()].concat()
            }
        };
        Signature { name: self.name.clone(), id: self.verifier().id(), blob }
    }
}

/// One line under a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key.
    pub name: String,
    /// The four bytes that tell keys of one name apart.
    pub id: [u8; 4],
    /// What the key's type makes of it.
    blob: Vec<u8>,
}

impl fmt::Display for Signature {
    /// The line, with its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id[..], &self.blob].concat();
        writeln!(f, "{DASH}{} {}", self.name, STANDARD.encode(bytes))
    }
}

impl Signature {
    /// Reads one line, without its end.
    ///
    /// # Errors
    /// [`ParseNoteError::Signature`].
    pub fn parse(line: &str) -> Result<Self, ParseNoteError> {
        let fault = ParseNoteError::Signature;
        let (name, bytes) =
            line.strip_prefix(DASH).and_then(|rest| rest.split_once(' ')).ok_or(fault.clone())?;
        let bytes = STANDARD.decode(bytes).map_err(|_| fault.clone())?;
        match bytes.split_first_chunk::<4>() {
            Some((id, blob)) if !blob.is_empty() && is_key_name(name) => {
                Ok(Self { name: name.to_owned(), id: *id, blob: blob.to_vec() })
            }
            _ => Err(fault),
        }
    }
}

/// A text is no signed note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseNoteError {
    /// Longer than [`NOTE_LIMIT`].
    TooLong,
    /// It is not UTF-8 without control characters.
    Alphabet,
    /// There is no empty line between text and signatures, or nothing behind it.
    Shape,
    /// A line among the signatures is none, or there are too many.
    Signature,
}

impl fmt::Display for ParseNoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot read the signed note: ")?;
        f.write_str(match self {
            ParseNoteError::TooLong => "it is longer than it may be",
            ParseNoteError::Alphabet => "a character that may not stand there",
            ParseNoteError::Shape => "no empty line between a text and its signatures",
            ParseNoteError::Signature => "a line among the signatures that is none",
        })
    }
}

impl std::error::Error for ParseNoteError {}

/// A note's signatures do not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifyNoteError {
    /// A signature names a known key and is not that key's: the whole note is worthless.
    Forged(String),
    /// None of the keys signed it.
    Unsigned,
}

impl fmt::Display for VerifyNoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VerifyNoteError::Forged(name) => write!(f, "the signature of `{name}` is not over this text"),
            VerifyNoteError::Unsigned => f.write_str("none of the known keys signed it"),
        }
    }
}

impl std::error::Error for VerifyNoteError {}

/// A signature that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The key's name.
    pub name: String,
    /// What it signs.
    pub kind: KeyKind,
    /// When a witness saw it, in seconds since 1970.
    pub time: Option<u64>,
}

/// A text, ended by LF, and the signatures under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The text with its last LF.
    pub text: String,
    /// The signatures in their order.
    pub signatures: Vec<Signature>,
}

impl Note {
    /// Reads a note. The text ends at the last empty line.
    ///
    /// # Errors
    /// [`ParseNoteError`].
    pub fn parse(note: &str) -> Result<Self, ParseNoteError> {
        if note.len() > NOTE_LIMIT {
            return Err(ParseNoteError::TooLong);
        }
        if note.contains(|c: char| (c < ' ' && c != '\n') || c == '\u{FFFD}') {
            return Err(ParseNoteError::Alphabet);
        }
        let at = note.rfind("\n\n").ok_or(ParseNoteError::Shape)?;
        let (text, lines) = (&note[..=at], &note[at + 2..]);
        if lines.is_empty() || !lines.ends_with('\n') {
            return Err(ParseNoteError::Shape);
        }
        let signatures = lines.lines().map(Signature::parse).collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > SIGNATURES {
            return Err(ParseNoteError::Signature);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The signatures by these keys, each once. Those of unknown keys are passed over.
    ///
    /// # Errors
    /// [`VerifyNoteError::Forged`] if one that names a known key is not that key's, [`VerifyNoteError::Unsigned`] if
    /// there is none.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vec<Signed>, VerifyNoteError> {
        let mut signed: Vec<(&Signature, Signed)> = Vec::new();
        for signature in &self.signatures {
            let Some(key) = keys.iter().find(|key| key.name == signature.name && key.id() == signature.id)
            else {
                continue;
            };
            if signed.iter().any(|(seen, _)| seen.name == signature.name && seen.id == signature.id) {
                continue;
            }
            let time = key.check(&self.text, &signature.blob);
            let time = time.ok_or_else(|| VerifyNoteError::Forged(key.name.clone()))?;
            signed.push((signature, Signed { name: key.name.clone(), kind: key.kind, time }));
        }
        if signed.is_empty() {
            return Err(VerifyNoteError::Unsigned);
        }
        Ok(signed.into_iter().map(|(_, signed)| signed).collect())
    }
}

impl fmt::Display for Note {
    /// The note as it is sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

/// A signed state of a log: how many leaves, and the root over them (C2SP tlog-checkpoint).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: the first line, by convention the prefix of its address without the scheme.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: [u8; 32],
}

/// A text is no checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseCheckpointError {
    /// The line at fault, from 1; 0 for the text as a whole.
    pub line: usize,
}

impl fmt::Display for ParseCheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.line {
            1 => "no name of a log",
            2 => "no number of leaves in plain decimal digits",
            3 => "no root hash of 32 bytes in base 64",
            _ => "not three lines and further ones that are not empty",
        };
        write!(f, "cannot read the checkpoint, line {}: {what}", self.line)
    }
}

impl std::error::Error for ParseCheckpointError {}

impl Checkpoint {
    /// Reads the text of a note. Extension lines are passed over: they mean nothing here.
    ///
    /// # Errors
    /// [`ParseCheckpointError`] with the line.
    pub fn parse(text: &str) -> Result<Self, ParseCheckpointError> {
        let fault = |line| ParseCheckpointError { line };
        let mut lines = text.strip_suffix('\n').ok_or(fault(0))?.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty()).ok_or(fault(1))?;
        let size = lines.next().and_then(from_decimal).filter(|size| *size < 1 << 63).ok_or(fault(2))?;
        let root = lines.next().and_then(from_base64).ok_or(fault(3))?;
        match lines.position(str::is_empty) {
            Some(_) => Err(fault(0)),
            None => Ok(Self { origin: origin.to_owned(), size, root }),
        }
    }

    /// The text that is signed.
    pub fn encode(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, to_base64(&self.root))
    }

    /// The note that the key's owner publishes. `time` is for witnesses; see [`SignerKey::sign`].
    pub fn sign(&self, keys: &[&SignerKey], time: u64) -> Note {
        let text = self.encode();
        let signatures = keys.iter().map(|key| key.sign(&text, time)).collect();
        Note { text, signatures }
    }
}

/// 32 bytes as base 64, as hashes are written in notes and proofs.
pub fn to_base64(hash: &[u8; 32]) -> String {
    STANDARD.encode(hash)
}

/// The 32 bytes behind [`to_base64`]; nothing but what it writes is accepted.
pub fn from_base64(text: &str) -> Option<[u8; 32]> {
    if text.len() != 44 {
        return None;
    }
    STANDARD.decode(text).ok()?.try_into().ok()
}
