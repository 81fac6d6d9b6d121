//! Files that were made to harm, and files that were damaged. Nothing may be run, nothing may panic, and the reason is named.

use ringrift_nnue::upstream::UpstreamCheckpoint;
use ringrift_nnue::{TorchFile, TorchFileError};

use crate::support::{Random, network, say};

/// A ZIP archive in the making, with every lie that a test wants.
#[derive(Default)]
struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
}

#[derive(Clone, Copy)]
struct Entry<'a> {
    name: &'a str,
    content: &'a [u8],
    flags: u16,
    method: u16,
    /// Sizes, CRC and place as the directory says; those of the content if none.
    size: Option<u32>,
    packed_size: Option<u32>,
    crc: Option<u32>,
    at: Option<u32>,
    /// Sizes in a ZIP64 field.
    zip64: Option<[u64; 3]>,
}

fn entry<'a>(name: &'a str, content: &'a [u8]) -> Entry<'a> {
    Entry { name, content, flags: 0, method: 0, size: None, packed_size: None, crc: None, at: None, zip64: None }
}

impl Zip {
    fn add(mut self, entry: Entry<'_>) -> Self {
        let at = entry.at.unwrap_or(self.bytes.len() as u32);
        let len = entry.content.len() as u32;
        let crc = entry.crc.unwrap_or_else(|| crc32fast::hash(entry.content));
        let header = |sizes: [u32; 2], extra: usize| {
            let mut header = Vec::new();
            for value in [20, entry.flags, entry.method, 0, 0x21] {
                header.extend(value.to_le_bytes());
            }
            for value in [crc, sizes[0], sizes[1]] {
                header.extend(value.to_le_bytes());
            }
            header.extend((entry.name.len() as u16).to_le_bytes());
            header.extend((extra as u16).to_le_bytes());
            header
        };
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(header([len, len], 0));
        self.bytes.extend(entry.name.as_bytes());
        self.bytes.extend(entry.content);
        let mut extra = Vec::new();
        let mut sizes = [entry.packed_size.unwrap_or(len), entry.size.unwrap_or(len)];
        let mut place = at;
        if let Some(wide) = entry.zip64 {
            extra.extend([1, 0, 24, 0]);
            extra.extend(wide.iter().flat_map(|value| value.to_le_bytes()));
            (sizes, place) = ([u32::MAX; 2], u32::MAX);
        }
        self.directory.extend(b"PK\x01\x02\x14\x00");
        self.directory.extend(header(sizes, extra.len()));
        self.directory.extend([0; 10]);
        self.directory.extend(place.to_le_bytes());
        self.directory.extend(entry.name.as_bytes());
        self.directory.extend(extra);
        self.entries += 1;
        self
    }

    fn finish(self) -> Vec<u8> {
        let entries = self.entries;
        self.finish_with(entries)
    }

    fn finish_with(self, entries: u16) -> Vec<u8> {
        let mut out = self.bytes;
        let place = out.len() as u32;
        out.extend(&self.directory);
        out.extend(b"PK\x05\x06\0\0\0\0");
        out.extend(entries.to_le_bytes());
        out.extend(entries.to_le_bytes());
        out.extend((self.directory.len() as u32).to_le_bytes());
        out.extend(place.to_le_bytes());
        out.extend([0, 0]);
        out
    }
}

/// A file with this pickle and one storage of four floats.
fn file(pickle: &[u8]) -> Vec<u8> {
    let storage: Vec<u8> = [1.0_f32, 2.0, 3.0, 4.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    Zip::default().add(entry("a/data.pkl", pickle)).add(entry("a/data/0", &storage)).finish()
}

/// A pickle of `{"x": value}`.
fn dict_of(value: &[u8]) -> Vec<u8> {
    [b"\x80\x02}X\x01\0\0\0x", value, b"s."].concat()
}

fn text(text: &str) -> Vec<u8> {
    [b"X".as_slice(), &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

/// Instructions that build a tensor out of storage 0 with `len` elements.
fn tensor(class: &str, len: &[u8], offset: &[u8], shape: &[u8], strides: &[u8]) -> Vec<u8> {
    let name = [b"(", &*text("storage"), b"ctorch\n", class.as_bytes(), b"\n", &*text("0"), &*text("cpu"), len, b"tQ"];
    let rest = [offset, shape, strides, b"\x89ccollections\nOrderedDict\n)RtR"];
    [b"ctorch._utils\n_rebuild_tensor_v2\n(", &*name.concat(), &*rest.concat()].concat()
}

fn fault(bytes: &[u8]) -> TorchFileError {
    TorchFile::from_bytes(bytes).expect_err("refused")
}

#[track_caller]
fn assert_fault(bytes: &[u8], words: &str) {
    let text = fault(bytes).to_string();
    assert!(text.contains(words), "{words:?} is not in: {text}");
    assert!(text.contains("\nhint: "), "{text}");
    assert!(UpstreamCheckpoint::from_bytes(bytes).is_err());
}

#[test]
fn callables_are_refused_by_name_and_not_called() {
    let folder = std::env::temp_dir().join(format!("ringrift-nnue-{}", std::process::id()));
    let command = text(&format!("touch {}", folder.display()));
    let call = |name: &str| dict_of(&[b"c", name.replace(' ', "\n").as_bytes(), b"\n", &*command, b"\x85R"].concat());
    for name in [
        "os system",
        "posix system",
        "subprocess Popen",
        "builtins eval",
        "builtins exec",
        "__builtin__ getattr",
        "torch load",
        "torch.hub load",
        "torch.storage _load_from_bytes",
        "torch._utils _rebuild_tensor",
        "torch.jit.unsupported_tensor_ops execWrapper",
        "collections OrderedDict.__init__",
        "numpy.core.multiarray scalar",
        "torch FloatStorage.from_file",
    ] {
        assert_fault(&file(&call(name)), &name.replace(' ', "."));
    }
    // The same call, asked for in the other ways that the machine has.
    let (module, name) = (text("os"), text("system"));
    let by_stack = [&*module, &*name, b"\x93", &*command, b"\x85R"].concat();
    assert_fault(&file(&dict_of(&by_stack)), "os.system");
    let by_memory = [&*module, b"\x94", &*name, b"\x9400h\x00h\x01\x93", &*command, b"\x85R"].concat();
    assert_fault(&file(&dict_of(&by_memory)), "os.system");
    assert_fault(&file(&dict_of(&[b"cos\nsystem\n", &*command, b"\x85\x81"].concat())), "os.system");
    assert_fault(&file(&dict_of(&[b"cos\nsystem\n", &*command, b"\x85}\x92"].concat())), "os.system");
    assert_fault(&file(&dict_of(&[b"(", &*command, b"ios\nsystem\n"].concat())), "0x69");
    assert_fault(&file(&dict_of(&[b"(cos\nsystem\n", &*command, b"o"].concat())), "os.system");
    assert_fault(&file(&dict_of(&[b"cos\nsystem\n", &*command, b"b"].concat())), "os.system");
    // In the text protocol.
    assert_fault(&file(b"cos\nsystem\n(S'true'\ntR."), "os.system");
    // As the class, the key or the metadata of a tensor.
    assert_fault(
        &file(&dict_of(&tensor("ComplexFloatStorage", b"K\x04", b"K\x00", b"K\x04\x85", b"K\x01\x85"))),
        "torch.ComplexFloatStorage",
    );
    assert_fault(&file(b"\x80\x02}cos\nsystem\nNs."), "os.system");
    // Registered classes, and buffers outside of the pickle.
    assert_fault(&file(&dict_of(b"\x82\x01")), "0x82");
    assert_fault(&file(&dict_of(b"\x97")), "0x97");
    assert!(!folder.exists());
}

#[test]
fn pickles_that_are_no_plain_values_are_refused() {
    for (pickle, words) in [
        (&b""[..], "it ends in the middle"),
        (b"\x80\x02", "it ends in the middle"),
        (b"\x80\x01}.", "protocol 1"),
        (b"\x80\x09}.", "protocol 9"),
        (b"\x80\x02.", "does not end with one value"),
        (b"\x80\x02}}.", "does not end with one value"),
        (b"\x80\x02(}.", "does not end with one value"),
        (b"\x80\x02}.N", "bytes after the end"),
        (b"\x80\x02].", "the outermost object is a list, not a dictionary"),
        (b"\x80\x02K\x01.", "the outermost object is a number"),
        (b"\x80\x02}K\x01K\x02s.", "a dictionary with other keys"),
        (b"\x80\x02}X\x01\0\0\0xNsX\x01\0\0\0xNs.", "a key twice"),
        (b"\x80\x02}X\x01\0\0\0xs.", "a value is missing"),
        (b"\x80\x02}(X\x01\0\0\0xu.", "a key without a value"),
        (b"\x80\x02}u.", "a mark is missing"),
        (b"\x80\x02(0.", "a value is missing"),
        (b"\x80\x02N(q\x00.", "a value is missing"),
        (b"\x80\x02h\x07.", "place 7 of the memory is empty"),
        (b"\x80\x02j\xff\xff\xff\xff.", "place 4294967295"),
        (b"\x80\x02\x85.", "a value is missing"),
        (b"\x80\x02X\xff\xff\xff\xffx.", "it ends in the middle"),
        (b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffx.", "it ends in the middle"),
        (b"\x80\x02X\x01\0\0\0\xff.", "no UTF-8"),
        (b"\x80\x02ctorch", "it ends in the middle"),
        (b"\x80\x02\x8a\x09\0\0\0\0\0\0\0\0\x01.", "more than 64 bits"),
        (b"\x80\x02\x8b\xff\xff\xff\x7f.", "0x8b"),
        (b"\x80\x03B\xff\xff\xff\xff.", "0x42 (bytes)"),
        (b"\x80\x02K\x01K\x02a.", "no list"),
        (b"\x80\x02K\x01NNs.", "no dictionary"),
        (b"\x80\x02]}b.", "attributes for something that has none"),
        (b"\x80\x02N)R.", "cannot be called"),
        (b"\x80\x02ccollections\nOrderedDict\nNR.", "no tuple"),
        (b"\x80\x02ccollections\nOrderedDict\n]\x85R.", "with arguments"),
        (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "no plain value"),
        (b"\x80\x02ctorch\nFloatStorage\n)R.", "a call of a storage class"),
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.", "unknown arguments"),
        (b"\x80\x02ctorch._utils\n_rebuild_parameter\nN\x89}\x87R.", "no tensor"),
        (b"\x80\x02NQ.", "no tuple"),
        (b"\x80\x02)Q.", "unknown parts"),
        (b"\x80\x02P0\n.", "persistent id as text"),
    ] {
        assert_fault(&file(pickle), words);
    }
}

#[test]
fn tensors_outside_of_their_storage_are_refused() {
    let minus_one = b"J\xff\xff\xff\xff";
    let most = b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f";
    let four = b"K\x04";
    let sound = tensor("FloatStorage", four, b"K\x00", b"K\x02K\x02\x86", b"K\x02K\x01\x86");
    let bytes = file(&dict_of(&sound));
    let sound = TorchFile::from_bytes(&bytes).unwrap();
    let infos = sound.tensors(None).unwrap().unwrap();
    assert_eq!((infos[0].name(), infos[0].shape()), ("x", vec![2, 2]));
    assert_eq!(sound.elements(&infos[0]).unwrap(), [1.0, 2.0, 3.0, 4.0]);
    for (class, len, offset, shape, strides, words) in [
        ("FloatStorage", four, &b"K\x01"[..], &b"K\x04\x85"[..], &b"K\x01\x85"[..], "reach beyond the 4"),
        ("FloatStorage", four, b"K\x00", b"K\x04\x85", b"K\x02\x85", "reach beyond the 4"),
        ("FloatStorage", four, minus_one, b"K\x01\x85", b"K\x01\x85", "negative"),
        ("FloatStorage", four, b"K\x03", b"K\x02\x85", &[&minus_one[..], b"\x85"].concat(), "negative"),
        ("FloatStorage", four, b"K\x00", &[&minus_one[..], b"\x85"].concat(), b"K\x01\x85", "negative"),
        ("FloatStorage", four, b"K\x00", &[&most[..], b"\x85"].concat(), b"K\x00\x85", "reach beyond"),
        (
            "FloatStorage",
            four,
            b"K\x00",
            &[&most[..], most, b"\x86"].concat(),
            b"K\x00K\x00\x86",
            "more elements than can be counted",
        ),
        ("FloatStorage", four, b"K\x00", b"K\x02\x85", &[&most[..], b"\x85"].concat(), "reach beyond"),
        ("FloatStorage", four, most, b"K\x02\x85", b"K\x01\x85", "reach beyond"),
        ("FloatStorage", four, b"K\x00", b"K\x02\x85", b")", "1 dimensions, but 0 strides"),
        (
            "FloatStorage",
            four,
            b"K\x00",
            b"(K\x01K\x01K\x01K\x01K\x01K\x01K\x01K\x01K\x01t",
            b"(K\x01K\x01K\x01K\x01K\x01K\x01K\x01K\x01K\x01t",
            "9 dimensions",
        ),
        ("FloatStorage", four, b"K\x00", b"]", b"K\x01\x85", "unknown arguments"),
    ] {
        assert_fault(&file(&dict_of(&tensor(class, len, offset, shape, strides))), words);
    }
    assert_fault(
        &file(&dict_of(&tensor("FloatStorage", minus_one, b"K\x00", b")", b")"))),
        "negative number of elements",
    );
    // A storage that is not as long as the pickle says, or has another type.
    let wrong: [(&str, &[u8], &str); 4] = [
        ("FloatStorage", b"K\x05", "16 bytes, not those of 5 float32"),
        ("FloatStorage", b"K\x03", "16 bytes, not those of 3 float32"),
        ("DoubleStorage", b"K\x04", "16 bytes, not those of 4 float64"),
        ("FloatStorage", most, "16 bytes, not those of 9223372036854775807 float32"),
    ];
    for (class, len, words) in wrong {
        let bytes = file(&dict_of(&tensor(class, len, b"K\x00", b"K\x01\x85", b"K\x01\x85")));
        let file = TorchFile::from_bytes(&bytes).unwrap();
        let infos = file.tensors(None).unwrap().unwrap();
        let text = file.elements(&infos[0]).unwrap_err().to_string();
        assert!(text.contains(words), "{text}");
    }
    let twice = [
        tensor("FloatStorage", four, b"K\x00", b")", b")"),
        b"0".to_vec(),
        tensor("IntStorage", four, b"K\x00", b")", b")"),
    ];
    assert_fault(&file(&dict_of(&twice.concat())), "two types or lengths");
    // Names of storages that are paths.
    let path = [b"(", &*text("storage"), b"ctorch\nFloatStorage\n", &*text("../x"), &*text("cpu"), b"K\x01tQ"].concat();
    assert_fault(&file(&dict_of(&path)), "../x");
}

#[test]
fn values_that_contain_themselves_or_explode_are_refused() {
    // A list and a dictionary in themselves, by the memory.
    for circle in [&b"]q\x00h\x00a"[..], b"}q\x00X\x01\0\0\0xh\x00s", b"]q\x00(h\x00h\x00e"] {
        let bytes = file(&dict_of(circle));
        let text = TorchFile::from_bytes(&bytes).unwrap().metadata().unwrap_err().to_string();
        assert!(text.contains("contains itself"), "{text}");
    }
    // Ten lists, each with the one before ten times.
    let mut laughs = b"]q\x00(".to_vec();
    laughs.extend([b'N'; 10]);
    laughs.push(b'e');
    for place in 1..12_u8 {
        laughs.extend([b']', b'q', place, b'(']);
        laughs.extend((0..10).flat_map(|_| [b'h', place - 1]));
        laughs.push(b'e');
    }
    let bytes = file(&dict_of(&[b"(", &laughs[..], b"t"].concat()));
    assert!(TorchFile::from_bytes(&bytes).unwrap().metadata().unwrap_err().to_string().contains("too large"));
    // One long text, many times.
    let long = [b"(".to_vec(), text(&"x".repeat(100_000)), b"q\x00".to_vec(), b"h\x00".repeat(100_000), b"t".to_vec()];
    let bytes = file(&dict_of(&long.concat()));
    assert!(TorchFile::from_bytes(&bytes).unwrap().metadata().unwrap_err().to_string().contains("too large"));
    // Tuples in tuples: neither reading nor dropping them recurses.
    let deep = [b")".to_vec(), b"\x85".repeat(500_000)].concat();
    let bytes = file(&dict_of(&deep));
    assert!(TorchFile::from_bytes(&bytes).unwrap().metadata().unwrap_err().to_string().contains("too deep"));
    // A pickle that is larger than any checkpoint's.
    assert_fault(&file(&dict_of(&b"N0".repeat(1 << 20))), "data.pkl has 2097");
    // Very many values, which are dropped again.
    assert!(
        TorchFile::from_bytes(&file(&dict_of(&[&b"(".repeat(400_000)[..], &b"1".repeat(400_000), b"N"].concat())))
            .is_ok()
    );
}

#[test]
fn archives_that_torch_does_not_write_are_refused() {
    let pickle = &b"\x80\x02}."[..];
    let data = entry("a/data.pkl", pickle);
    assert!(TorchFile::from_bytes(&Zip::default().add(data).finish()).is_ok());
    for (bytes, words) in [
        (Vec::new(), "it is empty"),
        (b"\x80\x02}.".to_vec(), "bare pickle"),
        (b"#!/bin/sh\n".to_vec(), "no ZIP archive"),
        (b"PK\x03\x04".to_vec(), "damaged archive"),
        (Zip::default().finish(), "no ZIP archive"),
        (Zip::default().add(entry("a/version", b"3")).finish(), "no entry \"data.pkl\""),
        (Zip::default().add(entry("data.pkl", pickle)).finish(), "not in a folder"),
        (Zip::default().add(data).add(entry("b/version", b"3")).finish(), "in another folder"),
        (Zip::default().add(data).add(data).finish(), "there twice"),
        (Zip::default().add(data).add(entry("a/byteorder", b"big")).finish(), "not little-endian"),
        (Zip::default().add(Entry { flags: 1, ..data }).finish(), "encrypted"),
        (Zip::default().add(Entry { method: 8, ..data }).finish(), "compressed"),
        (Zip::default().add(Entry { method: 99, ..data }).finish(), "compressed"),
        (Zip::default().add(Entry { size: Some(1 << 30), ..data }).finish(), "two different sizes"),
        (
            Zip::default().add(Entry { size: Some(1 << 30), packed_size: Some(1 << 30), ..data }).finish(),
            "unexpected end",
        ),
        (Zip::default().add(Entry { crc: Some(7), ..data }).finish(), "another CRC"),
        (Zip::default().add(Entry { at: Some(3), ..data }).finish(), "invalid signature"),
        (Zip::default().add(Entry { at: Some(u32::MAX - 1), ..data }).finish(), "damaged archive"),
        (Zip::default().add(Entry { zip64: Some([u64::MAX, u64::MAX, 0]), ..data }).finish(), "unexpected end"),
        (Zip::default().add(Entry { zip64: Some([1 << 63, 1 << 63, 0]), ..data }).finish(), "unexpected end"),
        (Zip::default().add(Entry { zip64: Some([4, 4, u64::MAX]), ..data }).finish(), "damaged archive"),
        (Zip::default().add(data).finish_with(9), "as many entries as it says"),
        (Zip::default().add(data).add(Entry { at: Some(0), ..entry("a/data/0", pickle) }).finish(), "share bytes"),
        (Zip::default().add(Entry { name: "\u{fffd}a", ..data }).finish(), "not in a folder"),
    ] {
        assert_fault(&bytes, words);
    }
    // ZIP64 fields with sound values are read.
    let wide = Zip::default().add(Entry { zip64: Some([4, 4, 0]), ..data }).finish();
    assert!(TorchFile::from_bytes(&wide).is_ok());
    // An entry with the CRC of other content is found when it is used.
    let bytes = Zip::default()
        .add(entry("a/data.pkl", &dict_of(&tensor("FloatStorage", b"K\x01", b"K\x00", b")", b")"))))
        .add(Entry { crc: Some(0), ..entry("a/data/0", &[0, 0, 128, 63]) })
        .finish();
    let file = TorchFile::from_bytes(&bytes).unwrap();
    let infos = file.tensors(None).unwrap().unwrap();
    assert!(file.elements(&infos[0]).unwrap_err().to_string().contains("another CRC"));
}

/// A sound network in a file of a few kilobytes.
fn sound() -> UpstreamCheckpoint {
    let mut random = Random(5);
    let tensors = network("hidden.0 output", 768, 1, 1, || random.weight());
    let metadata = serde_json::json!({"epoch": 3, "val_loss": 0.25, "note": "für ai-service", "list": [1, null, true]});
    let serde_json::Value::Object(metadata) = metadata else { unreachable!() };
    UpstreamCheckpoint::from_parts(tensors, None, metadata).unwrap()
}

#[test]
fn truncated_files_are_refused() {
    let checkpoint = sound();
    for bytes in [checkpoint.to_torch_file().unwrap(), checkpoint.to_safetensors().unwrap()] {
        assert!(UpstreamCheckpoint::from_bytes(&bytes).is_ok());
        for len in 0..bytes.len() {
            assert!(UpstreamCheckpoint::from_bytes(&bytes[..len]).is_err(), "{len} of {} bytes", bytes.len());
        }
    }
}

/// How many damaged files to try: 2,000, or what `RINGRIFT_TEST_MUTATIONS` says.
fn mutations() -> usize {
    std::env::var("RINGRIFT_TEST_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

/// Damages a file in one of the ways in which files are damaged.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let len = bytes.len();
    match random.below(6) {
        // Bits, most of them near the end or the begin, where structure is.
        0..=2 => {
            for _ in 0..=random.below(3) {
                let near = random.below(len.min(1_500));
                let at = match random.below(3) {
                    0 => near,
                    1 => len - 1 - near,
                    _ => random.below(len),
                };
                bytes[at] ^= 1 << random.below(8);
            }
        }
        3 => bytes[random.below(len)..].iter_mut().take(8).for_each(|byte| *byte = 0xff),
        4 => {
            let (from, to) = (random.below(len), random.below(len));
            let piece: Vec<u8> = bytes[from..].iter().take(64).copied().collect();
            let end = len.min(to + piece.len());
            bytes[to..end].copy_from_slice(&piece[..end - to]);
        }
        _ => {
            let at = random.below(len);
            let count = random.below(40);
            bytes.drain(at..len.min(at + count));
        }
    }
}

#[test]
fn damaged_files_are_refused_or_what_they_were() {
    let checkpoint = sound();
    let (pt, safetensors) = (checkpoint.to_torch_file().unwrap(), checkpoint.to_safetensors().unwrap());
    let mut random = Random(1);
    let (mut refused, count) = (0, mutations());
    for _ in 0..count {
        let mut bytes = pt.clone();
        mutate(&mut bytes, &mut random);
        match UpstreamCheckpoint::from_bytes(&bytes) {
            // Every content has its CRC: the damage met what nobody reads.
            Ok(found) => assert!(found.tensors() == checkpoint.tensors() && found.metadata() == checkpoint.metadata()),
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("\nhint: "), "{error}");
            }
        }
        let mut bytes = safetensors.clone();
        mutate(&mut bytes, &mut random);
        // The format has no checksum: weights may differ, the architecture not.
        if let Ok(found) = UpstreamCheckpoint::from_bytes(&bytes) {
            assert_eq!(found.architecture(), checkpoint.architecture());
        }
    }
    say(&format!("{refused} of {count} damaged .pt files refused"));
    assert!(refused > count / 2);
}

#[test]
fn damaged_pickles_never_panic() {
    // With the right CRC around them, so that the machine meets the damage.
    let checkpoint = sound();
    let pt = checkpoint.to_torch_file().unwrap();
    let start = pt.windows(2).position(|pair| pair == b"\x80\x02").unwrap();
    let end = start + pt[start..].windows(4).position(|window| window == b"PK\x07\x08").unwrap();
    let pickle = &pt[start..end];
    let mut random = Random(2);
    let (mut refused, count) = (0, mutations());
    for _ in 0..count {
        let mut bytes = pickle.to_vec();
        mutate(&mut bytes, &mut random);
        let bytes = file(&bytes);
        match TorchFile::from_bytes(&bytes) {
            Ok(found) => {
                drop(found.metadata());
                for key in [None, Some("model_state_dict")] {
                    for info in found.tensors(key).ok().flatten().unwrap_or_default() {
                        drop(found.elements(&info));
                    }
                }
            }
            Err(_) => refused += 1,
        }
    }
    say(&format!("{refused} of {count} damaged pickles refused"));
    assert!(refused > count / 4);
}
