//! The contract in Rust: generated from `wit/`, and nothing else.
#![expect(missing_docs, reason = "generated from the WIT files, which are the documentation")]

wasmtime::component::bindgen!({
    path: ["../wit/host/0.1.0", "../wit/postgres/0.1.0", "../wit/tcp/0.1.0", "../wit/mongodb/0.1.0", "../wit/engine/0.1.0"],
    inline: "
        package cofferdam:served@0.1.0;
        world everything {
            import cofferdam:host/types@0.1.0;
            import cofferdam:host/endpoint@0.1.0;
            import cofferdam:host/time@0.1.0;
            import cofferdam:host/random@0.1.0;
            import cofferdam:host/report@0.1.0;
            import cofferdam:postgres/postgres@0.1.0;
            import cofferdam:tcp/tcp@0.1.0;
            import cofferdam:tcp/secrets@0.1.0;
            import cofferdam:tcp/secret-write@0.1.0;
            import cofferdam:mongodb/mongodb@0.1.0;
            export cofferdam:engine/instance@0.1.0;
            export cofferdam:engine/backup@0.1.0;
            export cofferdam:engine/restore@0.1.0;
            export cofferdam:engine/clone@0.1.0;
            export cofferdam:engine/to-files@0.1.0;
            export cofferdam:engine/from-files@0.1.0;
        }
    ",
    world: "cofferdam:served/everything",
    imports: { default: async | store | trappable },
    exports: { default: async | store },
    with: {
        "cofferdam:host/endpoint.endpoint": super::Endpoint,
        "cofferdam:postgres/postgres.connection": super::postgres::Connection,
        "cofferdam:tcp/tcp.connection": super::tcp::Connection,
        "cofferdam:mongodb/mongodb.client": super::mongodb::Client,
        "cofferdam:mongodb/mongodb.follower": super::mongodb::Follower,
    },
    require_store_data_send: true,
});
