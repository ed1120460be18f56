//! The public keys and the media nodes' way in, over a real socket.

use crate::{
    Settings, TrustedNode,
    media::commands,
    meetings::keys::jwk,
    testing::{NOW, Plane, settings},
};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use futures_util::{SinkExt, StreamExt};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use tokio_tungstenite::tungstenite::{Error, Message, client::IntoClientRequest};
use uuid::Uuid;
use wire::{
    control::*,
    grant::{COMMAND_TYP, NODE_TYP},
    id::{MeetingId, NodeId},
    signal::LeaveReason,
};

struct Node {
    id: NodeId,
    pair: Ed25519KeyPair,
}

impl Node {
    fn trusted(&self) -> TrustedNode {
        TrustedNode { node: self.id, public_key: self.pair.public_key().as_ref().try_into().unwrap() }
    }

    fn token(&self) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(NODE_TYP.into());
        header.kid = jwk(self.pair.public_key().as_ref()).unwrap().common.key_id;
        let claims = NodeClaims { aud: LINK_AUDIENCE.into(), sub: self.id, iat: NOW.seconds(), exp: NOW.seconds() + 60 };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(self.pair.to_pkcs8v1().unwrap().as_ref())).unwrap()
    }
}

fn node() -> Node {
    Node { id: NodeId::fresh(), pair: Ed25519KeyPair::generate().unwrap() }
}

kernel::on_both! {
    async fn the_keys_are_public(db: Db) {
        let plane = Plane::new(db).await;
        let set = plane.get(None, "/.well-known/jwks.json").await.ok();
        assert_eq!(set["keys"].as_array().unwrap().len(), 1);
        plane.booking.rotate_signing_key().await.unwrap();
        assert_eq!(plane.get(None, "/.well-known/jwks.json").await.ok()["keys"].as_array().unwrap().len(), 2);
    }

    async fn a_trusted_node_links_and_obeys_what_is_signed(db: Db) {
        let (ours, foreign) = (node(), node());
        let plane = Plane::with(db.clone(), Settings { trusted_nodes: vec![ours.trusted()], ..settings() }).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(axum::serve(listener, plane.router.clone()).into_future());
        let connect = async |token: Option<String>| {
            let mut request = format!("ws://{address}/internal/media").into_client_request().unwrap();
            if let Some(token) = token {
                request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
            }
            tokio_tungstenite::connect_async(request).await
        };
        for stranger in [None, Some("a.b.c".to_owned()), Some(foreign.token())] {
            match connect(stranger).await {
                Err(Error::Http(response)) => assert_eq!(response.status(), 401),
                other => panic!("let in: {other:?}"),
            }
        }

        let (mut socket, _) = connect(Some(ours.token())).await.unwrap();
        let frame = |frame: &ToControl| Message::text(serde_json::to_string(frame).unwrap());
        socket.send(frame(&ToControl::Hello { node: ours.id, incarnation: Uuid::now_v7(), acknowledged: 0 })).await.unwrap();
        let set = plane.booking.jwks();
        let read = |message: Message| {
            let token = message.into_text().unwrap();
            let header = jsonwebtoken::decode_header(token.as_str()).unwrap();
            assert_eq!(header.typ.as_deref(), Some(COMMAND_TYP));
            let key = DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
            let mut validation = Validation::new(Algorithm::EdDSA);
            validation.set_audience(&[LINK_AUDIENCE]);
            validation.validate_exp = false;
            let claims = jsonwebtoken::decode::<ToNodeClaims>(token.as_str(), &key, &validation).unwrap().claims;
            assert_eq!((claims.sub, claims.iss.as_str()), (ours.id, "https://sidang.example"));
            claims.frame
        };
        assert_eq!(read(socket.next().await.unwrap().unwrap()), ToNode::Stored { number: 0 });

        let command = Command::EndRoom { room: MeetingId::fresh(), epoch: 1, reason: LeaveReason::Revoked };
        let mut tx = db.write().await.unwrap();
        commands::push(&mut tx, NOW, &command).unwrap();
        tx.commit().await.unwrap();
        let ToNode::Commands { commands: sent } = read(socket.next().await.unwrap().unwrap()) else { panic!("no command") };
        assert_eq!(sent[0].command, command);

        // A frame that is none ends the link.
        socket.send(Message::text("{}")).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            assert!(message.is_close() || message.is_ping(), "{message:?}");
        }
        serving.abort();
    }
}
