//! DER taken apart and put together.

/// One element.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let zeros = length.iter().take_while(|digit| **digit == 0).count();
    let mut der = vec![tag];
    if content.len() < 0x80 {
        der.push(u8::try_from(content.len()).unwrap());
    } else {
        der.push(0x80 | u8::try_from(length.len() - zeros).unwrap());
        der.extend(&length[zeros..]);
    }
    der.extend(content);
    der
}

/// The content of the first element.
pub fn inner(element: &[u8]) -> &[u8] {
    let (header, length) = header(element);
    &element[header..header + length]
}

/// The elements that stand one behind the other.
pub fn elements(mut content: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while !content.is_empty() {
        let (header, length) = header(content);
        let (element, rest) = content.split_at(header + length);
        found.push(element);
        content = rest;
    }
    found
}

fn header(element: &[u8]) -> (usize, usize) {
    match element[1] {
        short @ 0..=0x7f => (2, short.into()),
        long => {
            let digits = usize::from(long & 0x7f);
            let length = element[2..2 + digits].iter().fold(0, |n, d| n << 8 | usize::from(*d));
            (2 + digits, length)
        }
    }
}
