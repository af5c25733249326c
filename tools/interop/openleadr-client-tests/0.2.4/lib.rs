//! What the tests of openleadr-client name of openleadr-vtn, so that they can be built without it.

pub struct VtnConfig;

impl VtnConfig {
    pub fn from_env() -> Self {
        Self
    }
}

pub mod data_source {
    pub struct PostgresStorage;

    impl PostgresStorage {
        pub fn new(_: sqlx::PgPool) -> Result<Self, sqlx::Error> {
            panic!("the tests are to be aimed at a VTN by its URL")
        }
    }
}

pub mod state {
    pub struct AppState;

    impl AppState {
        pub async fn new(_: super::data_source::PostgresStorage, _: &super::VtnConfig) -> Self {
            Self
        }

        pub fn into_router(self) -> axum::Router {
            axum::Router::new()
        }
    }
}
