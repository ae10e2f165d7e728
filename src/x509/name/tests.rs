//! Names as Go's crypto/x509 prints them.

use super::*;

/// Names in DER and what Go 1.26 `pkix.Name.String` printed for them.
const PRINTED_BY_GO: [(&str, &str); 12] = [
    (
        "304e310b3009060355040613025553310b30090603550408130257413110300e0603550407130753656174746c65310f300d060355040a0c064e6f74617279310f300d06035504030c06616c70696e65",
        "CN=alpine,O=Notary,L=Seattle,ST=WA,C=US",
    ),
    (
        "303e310a300806035504030c0178310a3008060355040b0c0161310b3009060355040a0c026f31310a3008060355040b0c0162310b3009060355040613024445",
        "CN=x,OU=a+OU=b,O=o1,C=DE",
    ),
    (
        "302e310e300c06035504030c056669727374310d300b06035504030c046c617374310d300b0603550405130430303432",
        "SERIALNUMBER=0042,CN=last",
    ),
    (
        "3029311a3009060355040613025553300d060355040a0c066a6f696e6564310b300906035504030c02636e",
        "CN=cn,O=joined,C=US",
    ),
    (
        "302d311e301c060355040a0c1520612c622b6322645c653c663e673b683d69236a20310b300906035504030c022378",
        "CN=\\#x,O=\\ a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h=i#j\\ ",
    ),
    ("3019310b3009060355040a0c022020310a300806035504030c0120", "CN=\\ ,O=\\ \\ "),
    (
        "3048310b30090603550406130255533114301206092a864886f70d01090116056140622e6331173015060a0992268993f22c64011916076578616d706c65310a300806035504030c016d",
        "CN=m,C=US,0.9.2342.19200300.100.1.25=#13076578616d706c65,1.2.840.113549.1.9.1=#0c056140622e63",
    ),
    (
        "303231153013060355040c0c0c5469746c6520c3a4c3b6c3bc3119301706035504030c10c3bc6ec3af636f646520e6bca2e5ad97",
        "CN=ünïcode 漢字,2.5.4.12=#0c0c5469746c6520c3a4c3b6c3bc",
    ),
    ("3020310d300b06035504031404636166e9310f300d060355040a1e0600416f220000", "CN=café,O=A漢"),
    (
        "30213109300706035504030c0031093007060355040b0c0031093007060355040c0c00",
        "OU=,2.5.4.12=#1300",
    ),
    (
        "303731153013060355040d130c77696c642a6361726426636f310e300c06035504090c053120576179310e300c06035504110c053938313031",
        "POSTALCODE=98101,STREET=1 Way,2.5.4.13=#0c0c77696c642a6361726426636f",
    ),
    ("3000", ""),
];

#[test]
fn names_print_as_go_prints_them() {
    for (der, printed) in PRINTED_BY_GO {
        assert_eq!(Name::from_der(&unhex(der)).unwrap().to_string(), printed);
    }
}

#[test]
fn unknown_types_print_their_length_in_der() {
    for (length, prefix) in [(127, "137f61"), (200, "1381c861"), (400, "1382019061")] {
        assert!(hex_der(&"a".repeat(length)).starts_with(prefix));
    }
}

#[test]
fn attributes_keep_certificate_order() {
    let name = Name::from_der(&unhex(PRINTED_BY_GO[1].0)).unwrap();
    assert_eq!(name.rdns()[1], [("2.5.4.11".to_owned(), "a".to_owned())]);
    assert_eq!(name.values("2.5.4.11").collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn malformed_names_are_refused() {
    let string = |tag: u8, value: &[u8]| {
        let length = u8::try_from(value.len()).unwrap();
        let head = [0x30, length + 11, 0x31, length + 9, 0x30, length + 7];
        [&head[..], &[0x06, 0x03, 0x55, 0x04, 0x03, tag, length], value].concat()
    };
    assert!(Name::from_der(&string(0x0c, b"fine")).is_ok());
    for bad in [
        string(0x0c, b"\xff"),
        string(0x13, b"a@b"),
        string(0x16, b"\x80"),
        string(0x12, b"12a"),
        string(0x1e, b"abc"),
        string(0x1e, b"\xd8\x00"),
        string(0x1e, b"\xff\xfe"),
        string(0x02, b"\x01"),
        string(0x1b, b"general"),
        [string(0x0c, b"x"), vec![0]].concat(),
        b"\x31\x00".to_vec(),
        b"\x30\x02\x30\x00".to_vec(),
        b"\x30\x84\xff\xff\xff\xff".to_vec(),
        Vec::new(),
    ] {
        assert!(Name::from_der(&bad).is_err(), "{bad:02x?}");
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}
