//! The interface that every plugin exports.

wit_bindgen::generate!({
    path: ["../wit/host/0.1.0", "../wit/postgres/0.1.0", "../wit/engine/0.1.0"],
    inline: "
        package cofferdam:sdk-instance;
        world instance-exports { export cofferdam:engine/instance@0.1.0; }
    ",
    with: {
        "cofferdam:host/types@0.1.0": crate::bindings::services::cofferdam::host::types,
        "cofferdam:host/endpoint@0.1.0": crate::bindings::services::cofferdam::host::endpoint,
        "cofferdam:engine/units@0.1.0": crate::bindings::services::cofferdam::engine::units,
        "cofferdam:engine/instance@0.1.0": generate,
    },
    additional_derives: [Clone],
    pub_export_macro: true,
});
