//! What is done without anybody signed in, and the statements of the stores.

use super::world::World;
use crate::{
    agencies::{self, NewAgency},
    delegations, passwords, people, sessions,
    setup::{create_agency, create_first_administrator, has_administrator, person_by_email},
    testing,
};
use kernel::{clock::ManualClock, testing::NOON};
use wire::Code;

kernel::on_both! {
    async fn the_first_administrator_is_made_once_with_its_agency(db: Db) {
        let identity = testing::identity(db, ManualClock::at(NOON)).await;
        assert!(!has_administrator(&identity).await.unwrap());
        let password = create_first_administrator(&identity, "Pentadbir@jdn.example", "Pentadbir").await.unwrap();
        assert!(has_administrator(&identity).await.unwrap());
        assert!(person_by_email(&identity, "pentadbir@JDN.example").await.unwrap().is_some());
        assert_eq!(person_by_email(&identity, "x@jdn.example").await.unwrap(), None);
        let again = create_first_administrator(&identity, "lain@jdn.example", "Lain").await;
        assert!(again.is_err_and(|error| error.is_refused(Code::Conflict)));
        let agencies = agencies::all(&mut identity.db().read().await.unwrap()).await.unwrap();
        assert_eq!(agencies.iter().map(|agency| (agency.short_name.as_str(), agency.is_central)).collect::<Vec<_>>(), [("JDN", true)]);
        assert!(passwords::rules::check(password.expose()).is_ok());
        assert!(kernel::audit::verify(identity.db()).await.unwrap().is_ok_and(|rows| rows == 2));
    }

    async fn there_is_one_central_agency(db: Db) {
        let world = World::of(db).await;
        let second = NewAgency { name: "Lain".into(), short_name: "LAIN".into(), is_central: true };
        assert!(create_agency(&world.identity, second).await.is_err_and(|error| error.is_refused(Code::Conflict)));
        let same = NewAgency { name: "Lain".into(), short_name: "KKM".into(), is_central: false };
        assert!(create_agency(&world.identity, same).await.is_err_and(|error| error.is_refused(Code::Conflict)));
        let empty = NewAgency { name: String::new(), short_name: "X".into(), is_central: false };
        assert!(create_agency(&world.identity, empty).await.is_err_and(|error| error.is_refused(Code::RequestMalformed)));
    }

    async fn every_statement_prepares(db: Db) {
        for (name, sql) in [agencies::SQL, people::store::SQL, people::audience::SQL, passwords::store::SQL, sessions::store::SQL, delegations::SQL].into_iter().flatten() {
            if let Err(error) = db.prepare(sql).await {
                panic!("{name}: {error}");
            }
        }
    }
}
