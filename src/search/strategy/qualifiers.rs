//! MeSH's subheadings: codes, names, and the groups that a search for the first of them finds, too.

/// Code, name, and the codes of the subheadings that it stands below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Qualifier(
    pub(super) &'static str,
    pub(super) &'static str,
    &'static [&'static str],
);

/// Every subheading, former ones included.
const QUALIFIERS: &[Qualifier] = &[
    Qualifier("ab", "abnormalities", &["em"]),
    Qualifier("ad", "administration & dosage", &["pd", "tu"]),
    Qualifier("ae", "adverse effects", &["pd", "tu"]),
    Qualifier("ag", "agonists", &["ch", "pd"]),
    Qualifier("aa", "analogs & derivatives", &["ch"]),
    Qualifier("an", "analysis", &[]),
    Qualifier("ah", "anatomy & histology", &[]),
    Qualifier("ai", "antagonists & inhibitors", &["ch", "pd"]),
    Qualifier("bi", "biosynthesis", &["me"]),
    Qualifier("bl", "blood", &["an", "me"]),
    Qualifier("bs", "blood supply", &["ah"]),
    Qualifier("cf", "cerebrospinal fluid", &["an", "me"]),
    Qualifier("cs", "chemical synthesis", &["ch"]),
    Qualifier("ci", "chemically induced", &["et"]),
    Qualifier("ch", "chemistry", &[]),
    Qualifier("cl", "classification", &[]),
    Qualifier("co", "complications", &["et"]),
    Qualifier("cn", "congenital", &["et"]),
    Qualifier("ct", "contraindications", &[]),
    Qualifier("cy", "cytology", &["ah"]),
    Qualifier("df", "deficiency", &["me"]),
    Qualifier("di", "diagnosis", &[]),
    Qualifier("dg", "diagnostic imaging", &["di"]),
    Qualifier("du", "diagnostic use", &["pd"]),
    Qualifier("dh", "diet therapy", &["th"]),
    Qualifier("de", "drug effects", &[]),
    Qualifier("dt", "drug therapy", &["th"]),
    Qualifier("ec", "economics", &["og"]),
    Qualifier("ed", "education", &[]),
    Qualifier("em", "embryology", &["ah", "et"]),
    Qualifier("en", "enzymology", &["me"]),
    Qualifier("ep", "epidemiology", &["sn"]),
    Qualifier("es", "ethics", &[]),
    Qualifier("eh", "ethnology", &["ep"]),
    Qualifier("et", "etiology", &[]),
    Qualifier("ge", "genetics", &["et", "ph"]),
    Qualifier("gd", "growth & development", &["ph"]),
    Qualifier("hi", "history", &[]),
    Qualifier("im", "immunology", &["et", "ph"]),
    Qualifier("in", "injuries", &[]),
    Qualifier("ir", "innervation", &["ah"]),
    Qualifier("is", "instrumentation", &[]),
    Qualifier("ip", "isolation & purification", &["an"]),
    Qualifier("lj", "legislation & jurisprudence", &["og"]),
    Qualifier("ma", "manpower", &["og"]),
    Qualifier("me", "metabolism", &["ph"]),
    Qualifier("mt", "methods", &[]),
    Qualifier("mi", "microbiology", &["et"]),
    Qualifier("mo", "mortality", &["ep"]),
    Qualifier("nu", "nursing", &["th"]),
    Qualifier("og", "organization & administration", &[]),
    Qualifier("ps", "parasitology", &["et"]),
    Qualifier("py", "pathogenicity", &[]),
    Qualifier("pa", "pathology", &["cy", "di"]),
    Qualifier("pk", "pharmacokinetics", &["me", "pd"]),
    Qualifier("pd", "pharmacology", &[]),
    Qualifier("ph", "physiology", &[]),
    Qualifier("pp", "physiopathology", &["ph"]),
    Qualifier("po", "poisoning", &["ae"]),
    Qualifier("pc", "prevention & control", &["th"]),
    Qualifier("px", "psychology", &[]),
    Qualifier("re", "radiation effects", &[]),
    Qualifier("ra", "radiography", &["dg"]),
    Qualifier("ri", "radionuclide imaging", &["dg"]),
    Qualifier("rt", "radiotherapy", &["th"]),
    Qualifier("rh", "rehabilitation", &["th"]),
    Qualifier("sc", "secondary", &["co"]),
    Qualifier("se", "secretion", &["ph"]),
    Qualifier("st", "standards", &["og"]),
    Qualifier("sn", "statistics & numerical data", &[]),
    Qualifier("sd", "supply & distribution", &["og", "sn"]),
    Qualifier("su", "surgery", &["th"]),
    Qualifier("tu", "therapeutic use", &[]),
    Qualifier("th", "therapy", &[]),
    Qualifier("to", "toxicity", &["pd"]),
    Qualifier("tm", "transmission", &["et"]),
    Qualifier("tr", "transplantation", &["su"]),
    Qualifier("td", "trends", &["og"]),
    Qualifier("us", "ultrasonography", &["dg"]),
    Qualifier("ul", "ultrastructure", &["cy"]),
    Qualifier("ur", "urine", &["an", "me"]),
    Qualifier("ut", "utilization", &["og", "sn"]),
    Qualifier("ve", "veterinary", &[]),
    Qualifier("vi", "virology", &["mi"]),
];

/// The subheading of a code or a name, in any case, with `and` or `&`.
pub(super) fn find(text: &str) -> Option<Qualifier> {
    let wanted = plain(text);
    let is_it = |known: &&Qualifier| known.0 == wanted || plain(known.1) == wanted;
    QUALIFIERS.iter().find(is_it).copied()
}

/// A subheading and all below it.
pub(super) fn explode(top: Qualifier) -> Vec<Qualifier> {
    let mut found = vec![top];
    let mut next = 0;
    while let Some(broader) = found.get(next).copied() {
        let below = QUALIFIERS.iter().filter(|known| known.2.contains(&broader.0));
        let new: Vec<Qualifier> = below.filter(|known| !found.contains(known)).copied().collect();
        found.extend(new);
        next += 1;
    }
    found
}

/// A name in lower case with `and` for `&`.
pub(super) fn plain(name: &str) -> String {
    let words = name.split_whitespace().map(|word| match word {
        "&" => "and".to_owned(),
        word => word.trim_matches(',').to_lowercase(),
    });
    words.collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_names_and_groups_fit_together() {
        for (place, Qualifier(code, name, broader)) in QUALIFIERS.iter().enumerate() {
            assert_eq!(find(code).map(|found| found.1), Some(*name));
            assert_eq!(find(name).map(|found| found.0), Some(*code));
            assert!(broader.iter().all(|broader| find(broader).is_some()), "{code}");
            assert!(QUALIFIERS.iter().skip(place + 1).all(|other| other.0 != *code), "{code}");
        }
        assert_eq!(find("Prevention and Control").map(|found| found.0), Some("pc"));
        assert_eq!(find("nothing"), None);
    }

    #[test]
    fn groups_are_searched_whole() {
        let codes = |name| {
            let found = explode(find(name).expect(name));
            found.iter().map(|found| found.0).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(codes("therapeutic use"), "tu ad ae po");
        assert_eq!(codes("surgery"), "su tr");
        assert_eq!(codes("urine"), "ur");
    }
}
