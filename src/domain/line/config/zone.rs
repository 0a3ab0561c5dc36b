//! Time zones as people write them.

use jiff::tz::TimeZoneDatabase;

use crate::domain::time_zone::TimeZone;

pub(super) fn time_zone(name: &str) -> Result<TimeZone, String> {
    let advice = match TimeZone::named(name) {
        // "EST" and its like are fixed offsets, of old, and know no daylight saving.
        Ok(zone) if !zone.name().contains('/') && zone.name() != "UTC" => match of_clock(name) {
            Some(zone) => format!("it is the name of an offset; write a place, such as {zone:?}"),
            None => "it is the name of an offset; write a place, such as \"America/New_York\""
                .to_owned(),
        },
        Ok(zone) if zone.name() == name => return Ok(zone),
        Ok(zone) => format!("write {:?}", zone.name()),
        Err(_) => advice(name),
    };
    Err(format!("{name:?} is no time zone; {advice}"))
}

fn advice(name: &str) -> String {
    let wanted = name.trim().replace(' ', "_").to_lowercase();
    let city = wanted.rsplit('/').next().unwrap_or_default();
    if let Some((_, zone)) = CITIES
        .iter()
        .find(|(cities, _)| cities.split(' ').any(|one| one == city))
    {
        return format!("its clocks are those of {zone:?}: write that");
    }
    if let Some(zone) = of_clock(name) {
        return format!("write the IANA name of a place with these clocks, such as {zone:?}");
    }
    match zone_like(&wanted, city) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None if wanted.contains('/') => {
            "write the IANA name of the next large city with the same clocks, such as \
             \"America/Los_Angeles\""
                .to_owned()
        }
        None => "write the IANA name of a place, such as \"America/Los_Angeles\"".to_owned(),
    }
}

/// Large places that have no zone of their own, and the zone that has their clocks.
#[rustfmt::skip]
const CITIES: &[(&str, &str)] = &[
    ("san_diego san_francisco sacramento san_jose oakland long_beach seattle portland las_vegas reno california \
      nevada washington_state", "America/Los_Angeles"),
    ("salt_lake_city albuquerque santa_fe el_paso colorado utah new_mexico", "America/Denver"),
    ("tucson mesa arizona", "America/Phoenix"),
    ("dallas houston austin san_antonio fort_worth minneapolis milwaukee st_louis saint_louis kansas_city memphis \
      nashville new_orleans oklahoma_city tulsa omaha texas illinois", "America/Chicago"),
    ("boston miami washington washington_dc philadelphia baltimore atlanta charlotte orlando tampa jacksonville \
      cleveland columbus cincinnati pittsburgh buffalo newark brooklyn florida", "America/New_York"),
    ("honolulu hawaii", "Pacific/Honolulu"),
    ("victoria", "America/Vancouver"),
    ("calgary", "America/Edmonton"),
    ("ottawa quebec hamilton", "America/Toronto"),
    ("mexicali rosarito", "America/Tijuana"),
    ("guadalajara puebla leon queretaro toluca", "America/Mexico_City"),
    ("la_paz_bcs los_cabos cabo_san_lucas", "America/Mazatlan"),
    ("rio rio_de_janeiro brasilia belo_horizonte", "America/Sao_Paulo"),
    ("medellin cali cartagena", "America/Bogota"),
    ("quito", "America/Guayaquil"),
    ("manchester birmingham edinburgh glasgow liverpool cardiff", "Europe/London"),
    ("munich hamburg frankfurt cologne stuttgart dresden leipzig germany", "Europe/Berlin"),
    ("barcelona valencia sevilla bilbao malaga", "Europe/Madrid"),
    ("lyon marseille nice toulouse france", "Europe/Paris"),
    ("milan milano naples napoli turin florence venice", "Europe/Rome"),
    ("geneva basel bern", "Europe/Zurich"),
    ("rotterdam the_hague utrecht", "Europe/Amsterdam"),
    ("delhi new_delhi mumbai bombay bangalore chennai hyderabad", "Asia/Kolkata"),
    ("beijing guangzhou shenzhen china", "Asia/Shanghai"),
    ("osaka kyoto nagoya japan", "Asia/Tokyo"),
    ("hanoi", "Asia/Bangkok"),
    ("canberra", "Australia/Sydney"),
    ("wellington christchurch", "Pacific/Auckland"),
    ("cape_town durban pretoria", "Africa/Johannesburg"),
];

/// A place with the clocks that people in North America name so.
fn of_clock(name: &str) -> Option<&'static str> {
    let name = name.trim().to_lowercase();
    let name = name.strip_suffix(" time").unwrap_or(&name);
    Some(
        match name
            .trim_end_matches(" standard")
            .trim_end_matches(" daylight")
        {
            "pst" | "pdt" | "pt" | "pacific" => "America/Los_Angeles",
            "mst" | "mdt" | "mt" | "mountain" => "America/Denver",
            "cst" | "cdt" | "ct" | "central" => "America/Chicago",
            "est" | "edt" | "et" | "eastern" => "America/New_York",
            _ => return None,
        },
    )
}

/// Less likeness than this is chance.
const LIKE: f64 = 0.9;

/// The zone that was probably meant: by its city's name.
fn zone_like(wanted: &str, city: &str) -> Option<String> {
    /// Nothing that could be meant is longer; and comparing takes time with the length.
    const LONGEST: usize = 64;
    if city.is_empty() || LONGEST < wanted.len() {
        return None;
    }
    let database = TimeZoneDatabase::bundled();
    let zones = database.available().map(|zone| zone.as_str().to_owned());
    let places = zones.filter(|zone| zone.contains('/') && !zone.starts_with("Etc/"));
    let likeness = |zone: &str| {
        let zone = zone.to_lowercase();
        let of_city = strsim::jaro_winkler(city, zone.rsplit('/').next().unwrap_or_default());
        let of_all = strsim::jaro_winkler(wanted, &zone);
        (of_city, of_all)
    };
    let like = places.map(|zone| (likeness(&zone), zone));
    let like = like.filter(|((of_city, _), _)| LIKE < *of_city);
    let nearest = like.max_by(|((a, c), _), ((b, d), _)| a.total_cmp(b).then(c.total_cmp(d)));
    nearest.map(|(_, zone)| zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_of_a_city_is_one() {
        for (cities, zone) in CITIES {
            assert_eq!(time_zone(zone).unwrap().name(), *zone);
            for city in cities.split(' ').filter(|city| !city.is_empty()) {
                let said = time_zone(&format!("America/{city}")).unwrap_err();
                assert!(said.contains(zone), "{said}");
            }
        }
    }
}
