//! Every target against the contract suite: the local one, and the remote dialects against the embedded server.
#![expect(clippy::unwrap_used, reason = "a test")]

use docferry::http::{Auth, Proxy, Timeouts};
use docferry::model::Secret;
use docferry::server::{QoderShape, Server, ServerOptions};
use docferry::store::Store;
use docferry::targets::local::LocalTarget;
use docferry::targets::{
    ConnectOptions, ListRequest, Target, TargetErrorKind, UploadExtra, UploadRequest, connect, contract,
    profiles,
};

fn server(change: impl FnOnce(&mut ServerOptions)) -> (tempfile::TempDir, Server) {
    let dir = tempfile::tempdir().unwrap();
    let mut options = ServerOptions::new(dir.path().join("store"));
    change(&mut options);
    (dir, Server::start(options).unwrap())
}

fn target(profile: &str, server: &Server, auth: fn(Secret) -> Auth) -> Box<dyn Target> {
    let profile = profiles::built_in(profile).unwrap();
    let base_url = match profile.name.as_str() {
        "qoder" => server.qoder_base_url(),
        _ => server.anthropic_base_url(),
    };
    let options = ConnectOptions {
        profile,
        base_url: base_url.parse().unwrap(),
        auth: Some(auth(server.token().clone())),
        ca_file: None,
        proxy: Proxy::default(),
        timeouts: Timeouts::default(),
    };
    connect(options).unwrap()
}

fn send(target: &dyn Target, extra: &UploadExtra) -> Result<docferry::model::FileObject, TargetErrorKind> {
    let request = UploadRequest {
        file_name: &docferry::model::FileName::parse("a.txt").unwrap(),
        media_type: &docferry::model::MediaType::TEXT_PLAIN,
        size_bytes: 3,
        content: &|| Ok(Box::new(&b"abc"[..]) as Box<dyn std::io::Read + Send>),
        extra,
        attempt: 1,
        idempotency_key: None,
    };
    target.upload(&request).map_err(|error| error.kind)
}

fn keeps_the_contract(target: &dyn Target) {
    let breach = contract::run(target).err();
    let source = breach.as_ref().and_then(std::error::Error::source).map(ToString::to_string);
    let breach = breach.as_ref().map(ToString::to_string);
    assert_eq!((breach, source), (None, None), "{}", target.target_id());
}

#[test]
fn the_local_target_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    keeps_the_contract(&LocalTarget::new(profiles::built_in("local").unwrap(), store));
}

#[test]
fn both_generations_of_anthropic_keep_the_contract() {
    let (_dir, server) = server(|_| ());
    for profile in ["anthropic", "anthropic-beta"] {
        for auth in [Auth::ApiKey, Auth::Bearer] {
            keeps_the_contract(target(profile, &server, auth).as_ref());
        }
    }
}

#[test]
fn both_generations_of_qoder_keep_the_contract() {
    for shape in [QoderShape::Seed, QoderShape::Current] {
        let (_dir, server) = server(|options| options.qoder_shape = shape);
        keeps_the_contract(target("qoder", &server, Auth::Bearer).as_ref());
    }
}

#[test]
fn what_travels_with_a_file_arrives() {
    let (_dir, server) = server(|_| ());
    let anthropic = target("anthropic", &server, Auth::ApiKey);
    let expiring =
        UploadExtra { expires_in: Some(std::time::Duration::from_secs(3600)), ..UploadExtra::default() };
    let file = send(anthropic.as_ref(), &expiring).unwrap();
    let expected = file.created_at.plus(std::time::Duration::from_secs(3600));
    assert_eq!(file.expires_at, Some(expected));
    let beta = target("anthropic-beta", &server, Auth::ApiKey);
    assert_eq!(send(beta.as_ref(), &expiring).unwrap_err(), TargetErrorKind::Unsupported);

    let qoder = target("qoder", &server, Auth::Bearer);
    let metadata = serde_json::json!({"k": "v"});
    let extra = UploadExtra {
        purpose: Some("agent_output".to_owned()),
        metadata: Some(metadata.clone()),
        expires_in: None,
    };
    let file = send(qoder.as_ref(), &extra).unwrap();
    assert_eq!((file.purpose.as_deref(), file.metadata), (Some("agent_output"), Some(metadata)));
    assert_eq!(send(anthropic.as_ref(), &extra).unwrap_err(), TargetErrorKind::Unsupported);
}

#[test]
fn failures_on_request_have_their_kinds() {
    use TargetErrorKind as K;
    for (fault, expected) in [
        ("upload:400", K::Refused),
        ("upload:401", K::Unauthenticated),
        ("upload:403", K::Forbidden),
        ("upload:html", K::TooLarge),
        ("upload:409", K::ServerFault),
        ("upload:429+2", K::RateLimited),
        ("upload:spend", K::Quota),
        ("upload:quota", K::Quota),
        ("upload:500", K::ServerFault),
        ("upload:529", K::RateLimited),
        ("upload:lose", K::BrokenAfterEnd),
    ] {
        for profile in ["anthropic", "anthropic-beta", "qoder"] {
            let (_dir, server) = server(|options| options.faults = vec![fault.parse().unwrap()]);
            let target = target(profile, &server, Auth::Bearer);
            let found = send(target.as_ref(), &UploadExtra::default());
            assert_eq!(found.unwrap_err(), expected, "{fault} {profile}");
            // A lost answer is the one fault after which the file is there.
            let files = target.list(&ListRequest::default()).unwrap().files.len();
            assert_eq!(files, usize::from(fault == "upload:lose"), "{fault} {profile}");
        }
    }
}

#[test]
fn a_wrong_key_is_unauthenticated() {
    let (_dir, server) = server(|_| ());
    let wrong = target("anthropic", &server, |_| Auth::ApiKey(Secret::parse("wrong-key-123").unwrap()));
    assert_eq!(send(wrong.as_ref(), &UploadExtra::default()).unwrap_err(), TargetErrorKind::Unauthenticated);
}
