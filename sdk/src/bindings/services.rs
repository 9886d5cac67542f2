//! The services that a plugin may import, and the vocabulary that it shares with the host.

wit_bindgen::generate!({
    path: ["../wit/host/0.1.0", "../wit/postgres/0.1.0", "../wit/tcp/0.1.0", "../wit/engine/0.1.0"],
    inline: "
        package cofferdam:sdk-services;
        world services {
            import cofferdam:host/types@0.1.0;
            import cofferdam:host/endpoint@0.1.0;
            import cofferdam:host/time@0.1.0;
            import cofferdam:host/random@0.1.0;
            import cofferdam:host/report@0.1.0;
            import cofferdam:postgres/postgres@0.1.0;
            import cofferdam:tcp/tcp@0.1.0;
            import cofferdam:tcp/secrets@0.1.0;
            import cofferdam:tcp/secret-write@0.1.0;
            import cofferdam:engine/units@0.1.0;
        }
    ",
    additional_derives: [Clone],
    generate_unused_types: true,
    generate_all,
});
