use super::*;
use crate::signal::testing::{self, AUDIENCE, ISSUER, Published, Signer};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use wire::grant::{COMMAND_TYP, RECORDING_VIEW_TYP};

const NOW: i64 = 1_800_000_000;

fn grants(published: &Published) -> Grants {
    Grants { keys: published.keys(), issuer: ISSUER.into(), audience: AUDIENCE.into(), started_at_ms: UnixMs::from_seconds(NOW - 1000) }
}

fn at(seconds: i64) -> UnixMs {
    UnixMs::from_seconds(seconds)
}

fn b64(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn a_grant_in_order_is_read_as_it_was_signed() {
    let signer = Signer::new("k1");
    let grant = testing::grant(at(NOW));
    let read = grants(&Published::new(&[&signer])).open(&signer.grant(&grant), grant.room, at(NOW)).await;
    assert_eq!(read, Ok(grant));
}

/// Changes one thing of a grant that is in order.
type Change = fn(&mut Value);

#[tokio::test]
async fn abuse_1_2_5_claims_that_are_not_for_this_room_node_and_moment() {
    let table: &[(&str, Change, Option<Code>)] = &[
        ("in order", |_| {}, None),
        ("another room", |it| it["room"] = json!(MeetingId::fresh()), Some(Code::GrantRoom)),
        ("any room", |it| it["room"] = json!("*"), Some(Code::GrantMalformed)),
        ("no room", |it| drop(it.as_object_mut().unwrap().remove("room")), Some(Code::GrantMalformed)),
        ("another audience", |it| it["aud"] = json!("sidang-booking"), Some(Code::GrantAudience)),
        ("two audiences", |it| it["aud"] = json!([AUDIENCE, "x"]), Some(Code::GrantMalformed)),
        ("no audience", |it| drop(it.as_object_mut().unwrap().remove("aud")), Some(Code::GrantMalformed)),
        ("another issuer", |it| it["iss"] = json!("https://other.example"), Some(Code::GrantAudience)),
        ("no jti", |it| drop(it.as_object_mut().unwrap().remove("jti")), Some(Code::GrantMalformed)),
        ("no subject", |it| drop(it.as_object_mut().unwrap().remove("sub")), Some(Code::GrantMalformed)),
        ("no expiry", |it| drop(it.as_object_mut().unwrap().remove("exp")), Some(Code::GrantMalformed)),
        ("no nbf", |it| drop(it.as_object_mut().unwrap().remove("nbf")), Some(Code::GrantMalformed)),
        ("expiry as text", |it| it["exp"] = json!("1800000090"), Some(Code::GrantMalformed)),
        ("nbf within the leeway", |it| it["nbf"] = json!(NOW + 5), None),
        ("nbf beyond the leeway", |it| it["nbf"] = json!(NOW + 6), Some(Code::GrantNotYet)),
        ("issued in the future", |it| it["iat"] = json!(NOW + 6), Some(Code::GrantNotYet)),
        ("a life of 90 s", |it| it["exp"] = json!(NOW + 90), None),
        ("a life of 91 s", |it| it["exp"] = json!(NOW + 91), Some(Code::GrantMalformed)),
        ("a life of centuries", |it| it["exp"] = json!(i64::MAX), Some(Code::GrantMalformed)),
        ("issued at the beginning of time", |it| it["iat"] = json!(i64::MIN), Some(Code::GrantMalformed)),
        ("before the node's start", |it| (it["iat"], it["exp"]) = (json!(NOW - 1001), json!(NOW - 950)), Some(Code::GrantExpired)),
        ("an act that does not exist", |it| it["acts"] = json!(["hidden"]), Some(Code::GrantMalformed)),
        ("claims nobody asked for", |it| it["hidden"] = json!(true), None),
    ];
    let signer = Signer::new("k1");
    let grants = grants(&Published::new(&[&signer]));
    for (name, change, expected) in table {
        let grant = testing::grant(at(NOW));
        let mut claims = serde_json::to_value(&grant).unwrap();
        change(&mut claims);
        let answer = grants.open(&signer.sign(GRANT_TYP, &claims), grant.room, at(NOW)).await;
        assert_eq!(answer.as_ref().err().map(|it| it.code), *expected, "{name}");
        if let Err(refusal) = answer {
            assert_eq!((refusal.rule, refusal.values.len()), (Some(Rule::Meet8), 0), "{name}");
        }
    }
}

#[tokio::test]
async fn abuse_2_expiry_to_the_second_on_both_sides_of_the_leeway() {
    let signer = Signer::new("k1");
    let grants = grants(&Published::new(&[&signer]));
    let grant = testing::grant(at(NOW));
    let token = signer.grant(&grant);
    for (now, expected) in [
        (NOW - 6, Some(Code::GrantNotYet)),
        (NOW - 5, None),
        (NOW + 90, None),
        (NOW + 94, None),
        (NOW + 95, Some(Code::GrantExpired)),
        (NOW + 91 * 24 * 3600, Some(Code::GrantExpired)),
    ] {
        assert_eq!(grants.open(&token, grant.room, at(now)).await.err().map(|it| it.code), expected, "{}", now - NOW);
    }
}

#[tokio::test]
async fn a_grant_from_before_the_nodes_start_is_stale() {
    let signer = Signer::new("k1");
    let mut grants = grants(&Published::new(&[&signer]));
    let grant = testing::grant(at(NOW));
    for (started, expected) in [(NOW, None), (NOW + 1, Some(Code::GrantStale))] {
        grants.started_at_ms = at(started);
        assert_eq!(grants.open(&signer.grant(&grant), grant.room, at(NOW + 2)).await.err().map(|it| it.code), expected);
    }
}

#[tokio::test]
async fn abuse_3_4_5_headers_choose_nothing() {
    let (signer, stranger) = (Signer::new("k1"), Signer::new("k1"));
    let published = Published::new(&[&signer]);
    let grants = grants(&published);
    let grant = testing::grant(at(NOW));
    let claims = serde_json::to_value(&grant).unwrap();
    let good = signer.grant(&grant);
    let (body, signature) = (good.split('.').nth(1).unwrap(), good.split('.').nth(2).unwrap());
    let unsigned = |alg: &str| format!("{}.{}.", b64(&json!({ "alg": alg, "typ": GRANT_TYP, "kid": "k1" })), body);
    let with = |change: &dyn Fn(&mut Header)| {
        let mut header = signer.header(GRANT_TYP);
        change(&mut header);
        encode(&header, &claims, &signer.key).unwrap()
    };
    let mut symmetric = Header::new(Algorithm::HS256);
    (symmetric.kid, symmetric.typ) = (Some("k1".into()), Some(GRANT_TYP.into()));
    let hs256 = encode(&symmetric, &claims, &EncodingKey::from_secret(&signer.public)).unwrap();
    let mut other = claims.clone();
    other["role"] = json!("co_host");
    let widened = format!("{}.{}.{signature}", good.split('.').next().unwrap(), b64(&other));
    let twice = format!("{{\"exp\":{},{}", NOW + 9, claims.to_string().strip_prefix('{').unwrap());
    let twice = {
        let message = format!("{}.{}", good.split('.').next().unwrap(), URL_SAFE_NO_PAD.encode(twice));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &signer.key, Algorithm::EdDSA).unwrap();
        format!("{message}.{signature}")
    };
    use Code::*;
    let table = [
        ("alg none", unsigned("none"), GrantMalformed),
        ("alg None", unsigned("None"), GrantMalformed),
        ("alg nOnE", unsigned("nOnE"), GrantMalformed),
        ("no signature", unsigned("EdDSA"), GrantSignature),
        ("the public key as a secret", hs256, GrantSignature),
        (
            "alg HS256 over our signature",
            format!("{}.{body}.{signature}", b64(&json!({"alg":"HS256","typ":GRANT_TYP,"kid":"k1"}))),
            GrantSignature,
        ),
        ("a key of the same name", stranger.grant(&grant), GrantSignature),
        ("a claim changed after signing", widened, GrantSignature),
        ("a claim twice", twice, GrantMalformed),
        ("no kid", with(&|it| it.kid = None), GrantSignature),
        ("an empty kid", with(&|it| it.kid = Some(String::new())), GrantSignature),
        ("a path for a kid", with(&|it| it.kid = Some("../../etc/passwd".into())), GrantSignature),
        ("a statement for a kid", with(&|it| it.kid = Some("' OR 1=1 --".into())), GrantSignature),
        ("a kid of 10 kB", with(&|it| it.kid = Some("k".repeat(10_000))), GrantMalformed),
        ("a kid of 200 bytes", with(&|it| it.kid = Some("k".repeat(200))), GrantSignature),
        ("its own key brought along", with(&|it| (it.kid, it.jwk) = (Some("k2".into()), Some(stranger.jwk.clone()))), GrantSignature),
        ("a critical extension", with(&|it| it.crit = Some(vec!["b64".into()])), GrantMalformed),
        ("no type", with(&|it| it.typ = None), GrantAudience),
        ("a plain token", with(&|it| it.typ = Some("JWT".into())), GrantAudience),
        ("a token for a recording", with(&|it| it.typ = Some(RECORDING_VIEW_TYP.into())), GrantAudience),
        ("a command", with(&|it| it.typ = Some(COMMAND_TYP.into())), GrantAudience),
        ("nothing", String::new(), GrantMalformed),
        ("dots", "...".into(), GrantMalformed),
        ("not a token", "eyJhbGciOiJFZERTQSJ9".into(), GrantMalformed),
        ("far too long", "a".repeat(TOKEN_BYTES_MAX + 1), GrantMalformed),
        ("not text of its kind", format!("{good}\u{0}"), GrantMalformed),
    ];
    for (name, token, expected) in table {
        let refusal = grants.open(&token, grant.room, at(NOW)).await.expect_err(name);
        assert_eq!((refusal.code, refusal.rule), (expected, Some(Rule::Meet8)), "{name}");
    }
    // An address in the header is never asked: the key set was read once, for the first unknown name.
    let asked = published.asked();
    for token in [with(&|it| it.jku = Some("http://127.0.0.1:1/keys".into())), with(&|it| it.x5u = Some("http://127.0.0.1:1/x".into()))] {
        assert!(grants.open(&token, grant.room, at(NOW)).await.is_ok(), "ignored, and the named key holds");
    }
    assert_eq!((asked, published.asked()), (1, 1));
}

#[tokio::test]
async fn abuse_9_a_rotation_takes_hold_without_a_break() {
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let published = Published::new(&[&old]);
    let grants = grants(&published);
    let grant = testing::grant(at(NOW));
    let (before, after) = (old.grant(&grant), new.grant(&grant));
    assert!(grants.open(&before, grant.room, at(NOW)).await.is_ok());
    published.set(&[&old, &new]);
    grants.keys.refresh().await;
    assert!(grants.open(&before, grant.room, at(NOW)).await.is_ok() && grants.open(&after, grant.room, at(NOW)).await.is_ok());
    published.set(&[&new]);
    grants.keys.refresh().await;
    assert_eq!(grants.open(&before, grant.room, at(NOW)).await.map_err(|it| it.code), Err(Code::GrantSignature));
    assert!(grants.open(&after, grant.room, at(NOW)).await.is_ok());
}

#[tokio::test]
async fn unknown_names_ask_the_control_plane_seldom() {
    let signer = Signer::new("known");
    let published = Published::new(&[&signer]);
    let keys = published.keys();
    for at in 0..100 {
        assert!(keys.find(&format!("unknown-{at}")).await.is_none());
    }
    assert!(keys.find("known").await.is_some());
    assert_eq!(published.asked(), 1);
}
