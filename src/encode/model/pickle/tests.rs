use super::machine::run;
use super::value::{Callable, Value};
use super::{checkpoint, tensors};
use crate::encode::model::weights::NumberType;

fn refusal(program: &[u8]) -> String {
    run(program).map(|built| format!("{:?}", built.value)).expect_err("refused")
}

/// What `pickle.dumps` makes of an object whose `__reduce__` returns a function and its arguments, in
/// protocols 0, 2 and 4.
#[test]
fn programs_that_call_functions_are_refused_by_name() {
    let programs: [(&[u8], &str); 8] = [
        (b"cposix\nsystem\n(S'touch /tmp/x'\ntR.", "posix.system"),
        (b"\x80\x02cposix\nsystem\nX\x01\0\0\0x\x85R.", "posix.system"),
        (b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x01x\x85R.", "posix.system"),
        (b"\x80\x02cbuiltins\neval\nX\x01\0\0\0x\x85R.", "builtins.eval"),
        (b"\x80\x02ctorch.storage\n_load_from_bytes\nC\x01x\x85R.", "_load_from_bytes"),
        (b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n)R.", "numpy.core.multiarray"),
        (b"(S'x'\niposix\nsystem\n.", "INST"),
        (b"(cposix\nsystem\nS'x'\no.", "posix.system"),
    ];
    for (program, words) in programs {
        let refused = refusal(program);
        assert!(refused.contains(words), "{refused:?} does not say {words:?}");
    }
    let known = b"\x80\x02ccollections\nOrderedDict\n)\x81.";
    assert!(refusal(known).contains("NEWOBJ"));
    // A known callable with arguments that it never has.
    let strange = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.";
    assert!(refusal(strange).contains("other arguments"));
    let storage = b"\x80\x02ctorch\nFloatStorage\n)R.";
    assert!(refusal(storage).contains("other arguments"));
    assert!(refusal(b"\x80\x02X\x01\0\0\0x)R.").contains("not a function"));
    assert!(refusal(b"\x80\x02K\x01}b.").contains("not a dictionary"));
}

#[test]
fn programs_that_contradict_themselves_are_refused() {
    for program in [
        &b""[..],
        b"\x80",
        b".",
        b"K\x01",
        b"(.",
        b"N(.",
        b"t.",
        b"a.",
        b"]a.",
        b"}K\x01s.",
        b"}(K\x01u.",
        b"(K\x01N}u.",
        b"h\x00.",
        b"g5\n.",
        b"q\x00.",
        b"0",
        b"1",
        b"2",
        b"\x85.",
        b"R.",
        b"Q.",
        b"NQ.",
        b"\x93.",
        b"K\x01K\x02\x93.",
        b"X\xff\xff\xff\xff.",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
        b"X\x01\0\0\0\xff.",
        b"\x8a\x20.",
        b"\x8b\xff\xff\xff\xff.",
        b"Ix\n.",
        b"S'a\n.",
        b"V\\u0061\n.",
        b"\xff.",
        b"cposix",
    ] {
        let refused = refusal(program);
        assert!(refused.starts_with("its pickle, byte "), "{program:?}: {refused}");
    }
}

/// Depth and repetition cost a constant an instruction, and nothing recurses.
#[test]
fn deep_and_shared_values_are_cheap() {
    let mut deep = vec![b'N'; 1];
    deep.extend(vec![0x85; 2_000_000]);
    deep.push(b'.');
    assert!(matches!(run(&deep).expect("built").value, Value::Tuple(_)));
    // Each tuple holds the one before twice: 2^100000 values for a reader that walks them.
    let mut wide = vec![b'N'; 1];
    wide.extend(b"2\x86".repeat(100_000));
    wide.push(b'.');
    drop(run(&wide).expect("built"));
    // A list that holds itself.
    assert!(matches!(run(b"]q\x00h\x00a.").expect("built").value, Value::List(_)));
}

#[test]
fn data_of_all_protocols_is_built() {
    let value = |program: &'static [u8]| run(program).expect("built").value;
    assert_eq!(value(b"I01\n."), Value::Bool(true));
    assert_eq!(value(b"I-12\n."), Value::Whole(-12));
    assert_eq!(value(b"L12L\n."), Value::Whole(12));
    assert_eq!(value(b"\x80\x02J\xff\xff\xff\xff."), Value::Whole(-1));
    assert_eq!(value(b"\x8a\x02\x00\xff."), Value::Whole(-256));
    assert_eq!(value(b"\x8a\x00."), Value::Whole(0));
    assert_eq!(value(b"G?\xe0\0\0\0\0\0\0."), Value::Float(0.5));
    assert_eq!(value(b"F0.5\n."), Value::Float(0.5));
    assert_eq!(value(b"Vabc\n."), Value::Text("abc"));
    assert_eq!(value(b"U\x01a."), Value::Text("a"));
    assert_eq!(value(b"B\x01\0\0\0a."), Value::Bytes(b"a"));
    assert_eq!(
        value(b"ctorch\nHalfStorage\n."),
        Value::Callable(Callable::Storage(NumberType::F16))
    );
    let built = run(b"\x80\x04\x95\0\0\0\0\0\0\0\0(K\x01K\x02t\x94K\x03\x86.rest").expect("built");
    let [pair, three] = built.heap.parts(built.value) else { panic!("no pair") };
    assert_eq!(built.heap.parts(*pair), [Value::Whole(1), Value::Whole(2)]);
    assert_eq!((*three, built.length), (Value::Whole(3), 22));
}

/// A state dictionary as torch writes it: one storage, two tensors, one of them transposed.
const STATE: &[u8] = b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01(X\x01\0\0\0aq\x02\
    ctorch._utils\n_rebuild_tensor_v2\nq\x03((X\x07\0\0\0storageq\x04ctorch\nFloatStorage\nq\x05\
    X\x01\0\0\x000q\x06X\x03\0\0\0cpuq\x07K\x08tq\x08QK\x02K\x02K\x03\x86K\x01K\x02\x86\x89h\x00)RtR\
    X\x01\0\0\0bh\x03((h\x04h\x05h\x06h\x07K\x08tQK\x00K\x02\x85K\x01\x85\x89h\x00)RtR\
    u}X\x09\0\0\0_metadataNsb.";

#[test]
fn tensors_are_views_of_storages() {
    let built = run(STATE).expect("built");
    let found = tensors(&built).expect("tensors");
    let storage = checkpoint::Storage { key: "0", numbers: NumberType::F32, count: 8 };
    let [a, b] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((a.name, a.offset, &*a.shape, &*a.strides), ("a", 2, &[2, 3][..], &[1, 2][..]));
    assert_eq!((b.name, b.offset, &*b.shape), ("b", 0, &[2][..]));
    assert_eq!((&a.storage, &b.storage), (&storage, &storage));
}

#[test]
fn every_prefix_and_every_changed_byte_gives_an_error_or_data() {
    for length in 0..STATE.len() {
        assert!(run(&STATE[..length]).is_err(), "{length} bytes");
    }
    for place in 0..STATE.len() {
        for bit in 0..8 {
            let mut changed = STATE.to_vec();
            changed[place] ^= 1 << bit;
            if let Ok(built) = run(&changed) {
                drop(tensors(&built));
            }
        }
    }
    for (program, words) in [
        (&b"N."[..], "no dictionary"),
        (b"}.", "no tensors"),
        (b"}X\x01\0\0\0aK\x01s.", "no tensors"),
    ] {
        let built = run(program).expect("built");
        assert!(tensors(&built).expect_err("no tensors").contains(words));
    }
}

/// A tuple or list of any length costs its length once, however often it is used.
#[test]
fn what_is_used_again_is_not_copied() {
    // Four arguments and a tail of a million values, in as many tensors.
    let mut program = b"ctorch._utils\n_rebuild_tensor_v2\nq\x00(".to_vec();
    program.extend(b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000NK\x00tQK\x00))");
    program.extend(vec![b'N'; 1_000_000]);
    program.extend(b"tq\x01");
    program.extend(b"h\x00h\x01R".repeat(200_000));
    program.push(b'.');
    assert!(matches!(run(&program).expect("built").value, Value::Tensor(_)));
    // An identity of a million values, in as many storages.
    let mut program = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000".to_vec();
    program.extend(vec![b'N'; 1_000_000]);
    program.extend(b"tq\x00");
    program.extend(b"h\x00Q".repeat(200_000));
    program.push(b'.');
    assert!(matches!(run(&program).expect("built").value, Value::Storage(_)));
    // A list of a thousand pairs that becomes a dictionary again and again.
    let mut program = b"ccollections\nOrderedDict\nq\x00](".to_vec();
    program.extend(b"NN\x86".repeat(1000));
    program.extend(b"e\x85q\x01");
    program.extend(b"h\x00h\x01R".repeat(1000));
    program.push(b'.');
    assert!(refusal(&program).contains("again and again"));
    // One shape of many dimensions.
    let mut program = b"}X\x01\0\0\0actorch._utils\n_rebuild_tensor_v2\n(".to_vec();
    program.extend(b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000NK\x01tQK\x00(");
    program.extend(b"K\x01".repeat(9));
    program.extend(b"tq\x00h\x00tRs.");
    let built = run(&program).expect("built");
    assert!(tensors(&built).expect_err("too many").contains("another way"));
}
