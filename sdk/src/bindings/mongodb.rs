//! The service that speaks MongoDB's protocol, in a world of its own: a component would import every service whose streams
//! have the type of one that it uses.

wit_bindgen::generate!({
    path: ["../wit/host/0.1.0", "../wit/mongodb/0.1.0"],
    inline: "
        package cofferdam:sdk-mongodb;
        world mongodb-service { import cofferdam:mongodb/mongodb@0.1.0; }
    ",
    with: {
        "cofferdam:host/types@0.1.0": crate::bindings::services::cofferdam::host::types,
        "cofferdam:host/endpoint@0.1.0": crate::bindings::services::cofferdam::host::endpoint,
        "cofferdam:mongodb/mongodb@0.1.0": generate,
    },
    additional_derives: [Clone],
});
