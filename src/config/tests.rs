#![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

mod jwt;
mod tls;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::layers::variable;
use super::schema::{Limit, SCHEMA, SettingValue, comments_above};
use super::*;

/// What `text` as the file `t.toml`, with environment and flags, comes to.
fn load_with(
    text: &str,
    environment: &[(&str, &str)],
    set: &[&str],
    client: &[&str],
) -> Result<Config, ConfigError> {
    let mut gathered = Gathered::defaults();
    gathered.file(Path::new("t.toml"), text);
    let texts = |flags: &[&str]| flags.iter().map(|flag| (*flag).to_owned()).collect();
    let sources = SettingSources {
        environment: environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        set: texts(set),
        client: texts(client),
        ..SettingSources::default()
    };
    Config::finish(gathered, &sources)
}

fn load(text: &str) -> Result<Config, ConfigError> {
    load_with(text, &[], &[], &[])
}

/// The problems of `text`, a line each.
fn refused(text: &str) -> String {
    problems(load(text))
}

fn problems(result: Result<Config, ConfigError>) -> String {
    match result {
        Err(ConfigError::Wrong(problems)) => {
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }
        Err(error) => error.to_string(),
        Ok(_) => "accepted".to_owned(),
    }
}

#[test]
fn the_defaults_are_right() {
    let config = Config::defaults();
    assert_eq!(config.engine.retained_days, 100);
    assert_eq!(config.service.workers, 0);
    assert_eq!(config.http.listen, Some("127.0.0.1:9464".parse().unwrap()));
    assert_eq!(config.kafka.client["bootstrap.servers"], "localhost:9092");
    assert_eq!(config.rules["carer-overlap"]["slack_seconds"].as_integer(), Some(120));
    assert_eq!(config.engine.of("0181").municipality, "0181");
}

#[test]
fn every_key_and_section_of_the_defaults_is_explained() {
    for (path, key) in &SCHEMA.keys {
        let (section, name) = path.rsplit_once('.').unwrap();
        let section = DEFAULT_TOML.find(&format!("\n[{section}]\n")).unwrap() + 1;
        let at = section + DEFAULT_TOML[section..].find(&format!("\n{name} = ")).unwrap() + 1;
        let comments = comments_above(DEFAULT_TOML, at);
        assert!(comments.iter().any(|line| !line.starts_with("# Range")), "`{path}` is not explained");
        assert!(key.accept(key.default.clone()).is_ok(), "the default of `{path}` is out of its range");
        let is_number = matches!(key.default, SettingValue::Integer(_) | SettingValue::Float(_));
        assert_eq!(is_number, matches!(key.limit, Limit::Range { .. }), "`{path}` and its range");
    }
    for rule in SCHEMA.sections.iter().filter(|section| section.starts_with("rules.")) {
        let at = DEFAULT_TOML.find(&format!("[{rule}]\n")).unwrap();
        assert!(!comments_above(DEFAULT_TOML, at).is_empty(), "`[{rule}]` is not explained");
        assert!(SCHEMA.keys.contains_key(&format!("{rule}.enabled")), "`{rule}` can't be switched off");
    }
}

#[test]
fn every_key_has_a_variable_of_its_own() {
    let variables: std::collections::BTreeSet<String> =
        SCHEMA.keys.keys().map(|path| variable(path)).collect();
    assert_eq!(variables.len(), SCHEMA.keys.len());
    assert!(variables.contains("TIDVAKT_RULES_CARER_OVERLAP_SLACK_SECONDS"));
}

#[test]
fn the_examples_are_right() {
    for name in ["local.toml", "production.toml", "default.toml"] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config").join(name);
        let sources =
            SettingSources { file: Some(path), secrets: Secrets::Leave, ..SettingSources::default() };
        if let Err(error) = Config::load(&sources) {
            panic!("{name}: {error}");
        }
    }
}

#[test]
fn later_layers_go_before_earlier_ones() {
    let file = "[engine]\nretained_days = 61\ndefault_payout_day = 2\ndefault_payout_hour = 2\n";
    let environment = [("TIDVAKT_ENGINE_RETAINED_DAYS", "62"), ("TIDVAKT_ENGINE_DEFAULT_PAYOUT_DAY", "3")];
    let set = ["engine.retained_days=63", "rules.missing-log-out.plan_multiple=4"];
    let config = load_with(file, &environment, &set, &[]).unwrap();
    assert_eq!(config.engine.retained_days, 63);
    assert_eq!(config.engine.default_payout_day, 3);
    assert_eq!(config.engine.default_payout_hour, 2);
    assert_eq!(config.engine.default_ore_per_hour, 51_600);
    // A whole number will do for a number.
    assert_eq!(config.rules["missing-log-out"]["plan_multiple"].as_float(), Some(4.0));
}

#[test]
fn properties_of_librdkafka_come_by_every_way() {
    let file = "[kafka.client]\n\"client.id\" = \"f\"\nsession.timeout.ms = 60000\nlog.connection.close = false\n\
                \"socket.timeout.ms\" = \"1\"\n";
    let environment =
        [("TIDVAKT_KAFKA_CLIENT__BOOTSTRAP_SERVERS", "e:1"), ("TIDVAKT_KAFKA_CLIENT__CLIENT_ID", "e")];
    let set =
        ["kafka.client.socket.timeout.ms=20000", "kafka.client.bootstrap.servers=s:1", "kafka.insecure=true"];
    let client =
        load_with(file, &environment, &set, &["bootstrap.servers=x:1"]).unwrap().kafka.client.clone();
    assert_eq!(client["client.id"], "e");
    assert_eq!(client["session.timeout.ms"], "60000");
    assert_eq!(client["log.connection.close"], "false");
    assert_eq!(client["socket.timeout.ms"], "20000");
    assert_eq!(client["bootstrap.servers"], "x:1");
}

#[test]
fn refusals_say_where_what_was_found_and_what_is_allowed() {
    let text = r#"
retained_days = 100
[engine]
retained_day = 100
retained_days = 900
zone = "Mars"
hold_on = "none"
default_payout_hour = 7.5
default_payout_day = [6]
[rules]
carer-overlaps.slack_seconds = 1
[rules.carer-overlap]
slack = 1
slack_seconds = "long"
enabled = 1
[rules.unusual-duration]
p_review_max = nan
prior_sd_log = inf
[http]
listen = "localhost"
[log]
level = "loud=very"
format = 1979-05-27
[service]
workers = -1
[topic]
x = 1
"#;
    insta::assert_snapshot!(refused(text), @r#"
    t.toml:2: no section is called `retained_days`, there are `engine`, `feed`, `http`, `jwt`, `kafka`, `log`, `rules`, `service`, `tls`, `topics`
    t.toml:4: no key is called `engine.retained_day`, did you mean `engine.retained_days`?
    t.toml:5: `engine.retained_days` is 900, expected a whole number, 60 to 730 days
    t.toml:6: `engine.zone` is `Mars`, expected an IANA zone such as `Europe/Stockholm`
    t.toml:7: `engine.hold_on` is "none", expected one of `weaker`, `both`
    t.toml:8: `engine.default_payout_hour` is 7.5, expected a whole number, 0 to 23 o'clock
    t.toml:9: `engine.default_payout_day` is of type array, expected a whole number, 1 to 31, a day of the month; the last day where the month is shorter
    t.toml:11: no rule is called `carer-overlaps`, did you mean `carer-overlap`?
    t.toml:13: no key is called `rules.carer-overlap.slack`, did you mean `rules.carer-overlap.shadow`?
    t.toml:14: `rules.carer-overlap.slack_seconds` is "long", expected a whole number, 0 to 3600 seconds
    t.toml:15: `rules.carer-overlap.enabled` is 1, expected `true` or `false`
    t.toml:17: `rules.unusual-duration.p_review_max` is nan, expected a number, 1e-12 to 0.1, a probability
    t.toml:18: `rules.unusual-duration.prior_sd_log` is inf, expected a number, 0.05 to 2.0
    t.toml:20: `http.listen` is `localhost`, expected an address and a port, such as `0.0.0.0:9464`, or nothing
    t.toml:22: `log.level` is `loud=very`: `very` is no level; expected `error`, `warn`, `info`, `debug` or `trace`, or `part=level` with commas
    t.toml:23: `log.format` is of type datetime, expected one of `text`, `json`
    t.toml:25: `service.workers` is -1, expected a whole number, 0 to 256 threads
    t.toml:26: no key is called `topic`, did you mean `topics`?
    "#);
}

#[test]
fn names_of_topics_are_checked_and_differ() {
    let long = format!("[topics]\nalerts = \"{}\"\n", "a".repeat(250));
    insta::assert_snapshot!(refused(&long).replace(&"a".repeat(250), "aaa"), @r#"t.toml:2: `topics.alerts` is `aaa`, expected at most 249 characters"#);
    let text =
        "[topics]\nalerts = \"tidvakt.progress.v1\"\nreference = \"tidvakt reference\"\ndecisions = \"\"\n";
    insta::assert_snapshot!(refused(text), @r#"
    t.toml:2: `topics.alerts` is `tidvakt.progress.v1`, as is `topics.progress`, expected seven different names
    t.toml:3: `topics.reference` is `tidvakt reference`, expected only letters a-z and A-Z, digits, `.`, `_` and `-`
    t.toml:4: `topics.decisions` is ``, expected a name
    "#);
}

#[test]
fn the_program_s_own_properties_and_secrets_are_refused_from_every_layer() {
    let file = "[kafka.client]\n\"enable.auto.commit\" = \"true\"\n\"group.id\" = \"x\"\nacks = 1\n\
                \"sasl.password\" = \"hush\"\n\"ssl.keystore.password\" = \"hush\"\n";
    let environment = [("TIDVAKT_KAFKA_CLIENT__SASL_PASSWORD", "hush")];
    let set = ["kafka.client.group.instance.id=a", "kafka.secret_files.auto.offset.reset=/x"];
    let shown = problems(load_with(file, &environment, &set, &["ssl.key.password=hush"]));
    assert!(!shown.contains("hush"));
    insta::assert_snapshot!(shown, @r#"
    t.toml:2: `enable.auto.commit` is set by the program: offsets are committed only after the alerts they caused are acknowledged
    t.toml:3: `group.id` is set by the program: set `kafka.group_id` instead
    t.toml:4: `acks` is set by the program: an alert's revisions have to arrive once and in order
    t.toml:5: `sasl.password` is a secret and is not taken from here: write it to a file and name that file in `[kafka.secret_files]`, as `"sasl.password" = "/path/to/file"`
    t.toml:6: `ssl.keystore.password` is a secret and is not taken from here: write it to a file and name that file in `[kafka.secret_files]`, as `"ssl.keystore.password" = "/path/to/file"`
    TIDVAKT_KAFKA_CLIENT__SASL_PASSWORD: `sasl.password` is a secret and is not taken from here: write it to a file and name that file in `[kafka.secret_files]`, as `"sasl.password" = "/path/to/file"`
    --set: `auto.offset.reset` is set by the program: an offset that is gone has to be said out loud, not skipped
    --set: `group.instance.id` is set by the program: set `kafka.instance_id` instead
    -X: `ssl.key.password` is a secret and is not taken from here: write it to a file and name that file in `[kafka.secret_files]`, as `"ssl.key.password" = "/path/to/file"`
    "#);
}

#[test]
fn librdkafka_is_asked_about_its_properties() {
    let text = "[kafka.client]\n\"session.timeout.s\" = \"6\"\n\"security.protocol\" = \"SASL\"\n\
                \"bootstrap.servers\" = \"\"\n\"client.id\" = [1]\n";
    insta::assert_snapshot!(refused(text), @r#"
    t.toml:2: librdkafka does not take `session.timeout.s`: No such configuration property: "session.timeout.s"
    t.toml:3: librdkafka does not take `security.protocol`: Invalid value "SASL" for configuration property "security.protocol"
    t.toml:4: `bootstrap.servers` is empty, expected host:port, separated by commas
    t.toml:5: `kafka.client.client.id` is of type array, expected text
    "#);
}

#[test]
fn variables_that_are_not_known_are_refused_and_those_of_kubernetes_passed_over() {
    let environment = [
        ("TIDVAKT_ENGIN_ZONE", "x"),
        ("TIDVAKT_ENGINE_RETAINED_DAYS", "many"),
        ("TIDVAKT_RULES_CARER_OVERLAP_ENABLED", "yes"),
        ("TIDVAKT_PORT", "9464"),
        ("TIDVAKT_CONFIG", "/x"),
        ("PATH", "/bin"),
    ];
    insta::assert_snapshot!(problems(load_with("", &environment, &[], &[])), @r#"
    TIDVAKT_ENGINE_RETAINED_DAYS: `engine.retained_days` is `many`, expected a whole number, 60 to 730 days
    TIDVAKT_ENGIN_ZONE: no setting has this name, did you mean `TIDVAKT_ENGINE_ZONE`?
    TIDVAKT_PORT: no setting has this name
    TIDVAKT_RULES_CARER_OVERLAP_ENABLED: `rules.carer-overlap.enabled` is `yes`, expected `true` or `false`
    "#);
    let links = [
        ("TIDVAKT_SERVICE_HOST", "10.0.0.1"),
        ("TIDVAKT_SERVICE_PORT", "9464"),
        ("TIDVAKT_SERVICE_PORT_METRICS", "9464"),
        ("TIDVAKT_PORT", "tcp://10.0.0.1:9464"),
        ("TIDVAKT_PORT_9464_TCP", "tcp://10.0.0.1:9464"),
        ("TIDVAKT_PORT_9464_TCP_ADDR", "10.0.0.1"),
    ];
    assert_eq!(problems(load_with("", &links, &[], &[])), "accepted");
}

#[test]
fn flags_that_can_not_be_read_are_refused() {
    insta::assert_snapshot!(problems(load_with("", &[], &["engine.zone", "engin.zone=UTC"], &["debug"])), @r#"
    --set: `engine.zone` is not `key=value`
    --set: no key is called `engin.zone`, did you mean `engine.zone`?
    -X: `debug` is not `name=value`
    "#);
}

#[test]
fn what_is_not_toml_has_its_line() {
    insta::assert_snapshot!(refused("[engine]\nzone = \n"), @r#"t.toml:2: not TOML: string values must be quoted, expected literal string"#);
    insta::assert_snapshot!(refused("engine = 5\n[rules]\ncarer-overlap = true\n[kafka]\nclient = \"x\"\n"), @r#"
    t.toml:1: `engine` is of type integer, expected the section `[engine]`
    t.toml:3: `rules.carer-overlap` is of type boolean, expected the section `[rules.carer-overlap]`
    t.toml:5: `kafka.client` is of type string, expected the section `[kafka.client]`
    "#);
    insta::assert_snapshot!(refused("[engine]\nzone = \"UTC\"\nzone = \"UTC\"\n"), @r#"t.toml:3: not TOML: duplicate key"#);
    assert_eq!(refused("\u{feff}[engine]\nzone = \"UTC\"\n"), "accepted");
}

#[test]
fn secrets_come_from_files_and_are_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "hush \n").unwrap();
    let set = format!("kafka.secret_files.sasl.password={}", path.display());
    let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    assert!(problems(load_with("", &[], &[&set], &[])).contains("can be read by every user of this machine"));
    assert!(load_with("", &[], &[&set, "kafka.insecure=true"], &[]).is_ok());
    mode(0o640);
    let config = load_with("", &[], &[&set], &[]).unwrap();
    assert_eq!(config.kafka.client["sasl.password"], "hush ");
    assert!(!config.effective().contains("hush"));
    assert!(config.effective().contains("\"sasl.password\" = "));
    assert!(!format!("{:?}", config.kafka).contains("hush"));

    std::fs::write(&path, "\n").unwrap();
    let shown = problems(load_with("", &[], &[&set], &[]));
    assert!(shown.ends_with("password` is empty"), "{shown}");
    let missing = problems(load_with("", &[], &["kafka.secret_files.sasl.password=/no/such"], &[]));
    let expected = "--set: the secret file of `sasl.password`: `/no/such` can't be read: ";
    assert!(missing.starts_with(expected), "{missing}");
}

#[test]
fn what_is_effective_can_be_loaded_again_and_says_where_from() {
    let config =
        load_with("[engine]\nretained_days = 120\n", &[("TIDVAKT_LOG_LEVEL", "warn")], &[], &["client.id=a"]);
    let config = config.unwrap();
    let shown = config.effective();
    let lines: Vec<String> =
        shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for expected in [
        "retained_days = 120 # t.toml:2",
        "level = \"warn\" # TIDVAKT_LOG_LEVEL",
        "\"client.id\" = \"a\" # -X",
        "zone = \"Europe/Stockholm\" # default",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected} is not in\n{shown}");
    }
    let again = load(&shown).unwrap();
    assert_eq!(again.hash(), config.hash());
    assert_eq!(again.kafka.client, config.kafka.client);
}

#[test]
fn the_hash_changes_with_what_results_depend_on_and_with_nothing_else() {
    let base = Config::defaults().hash();
    assert_eq!(base.len(), 16);
    assert!(base.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let hash = |set: &str| load_with("", &[], &[set], &[]).unwrap().hash();
    for set in ["engine.retained_days=101", "rules.carer-overlap.enabled=false", "topics.alerts=other"] {
        assert_ne!(hash(set), base, "{set}");
    }
    for set in [
        "service.workers=3",
        "kafka.group_id=x",
        "log.level=warn",
        "http.listen=",
        "engine.retained_days=100",
    ] {
        assert_eq!(hash(set), base, "{set}");
    }
    assert_eq!(hash("rules.missing-log-out.plan_multiple=3"), base);
}

#[test]
fn http_can_be_off_and_levels_can_differ() {
    let config = load_with("", &[], &["http.listen=", "log.level=info,tidvakt::service=debug"], &[]).unwrap();
    assert_eq!(config.http.listen, None);
    assert!(!config.kafka.instance_id.is_empty());
}

#[test]
fn the_ends_of_every_range_are_taken_and_what_lies_beyond_is_not() {
    for (path, key) in &SCHEMA.keys {
        let Limit::Range { min, max, .. } = key.limit else { continue };
        for end in [min, max] {
            let shown = problems(load_with("", &[], &[&format!("{path}={end}")], &[]));
            assert_eq!(shown, "accepted", "{path} = {end}");
        }
        for beyond in [min - 1.0, max + 1.0] {
            let shown = problems(load_with("", &[], &[&format!("{path}={beyond}")], &[]));
            assert!(shown.starts_with(&format!("--set: `{path}` is `{beyond}`, expected ")), "{shown}");
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_fail_otherwise_than_by_refusal(
        text in "[a-z\\[\\]{}.=\"'0-9#_\\n -]{0,80}",
        value in ".{0,20}",
        at in 0..100_usize,
    ) {
        let _ = problems(load(&text));
        let path = SCHEMA.keys.keys().nth(at % SCHEMA.keys.len()).unwrap();
        let _ = problems(load_with("", &[(&variable(path), &value)], &[&format!("{path}={value}")], &[&value]));
        let _ = problems(load_with("", &[], &[&format!("kafka.client.{value}={value}")], &[]));
    }
}

#[test]
fn a_key_by_its_old_name_is_accepted_with_a_warning() {
    let warned = |config: &Config| config.warnings().iter().map(ToString::to_string).collect::<Vec<_>>();
    let from_file = load("[rules.rounded-times]\nborne_min = 9\n").unwrap();
    assert_eq!(from_file.rules["rounded-times"]["marked_min"].as_integer(), Some(9));
    let text = "t.toml:2: `rules.rounded-times.borne_min` is now called `rules.rounded-times.marked_min`; \
                the old name still works";
    assert_eq!(warned(&from_file), [text]);
    let variable = [("TIDVAKT_RULES_ROUNDED_TIMES_BORNE_MIN", "8")];
    let from_environment = load_with("", &variable, &[], &[]).unwrap();
    assert_eq!(from_environment.rules["rounded-times"]["marked_min"].as_integer(), Some(8));
    assert_eq!(warned(&from_environment).len(), 1);
    let from_flag = load_with("", &[], &["rules.rounded-times.borne_min=7"], &[]).unwrap();
    assert_eq!(from_flag.rules["rounded-times"]["marked_min"].as_integer(), Some(7));
    assert_eq!(warned(&from_flag).len(), 1);
    assert_eq!(warned(&load("[rules.rounded-times]\nmarked_min = 9\n").unwrap()), [""; 0]);
}
