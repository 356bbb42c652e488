//! The media server as a whole, over loopback: real ICE, DTLS and SRTP on both sides.

#[path = "main/bad_network.rs"]
mod bad_network;
#[path = "main/client.rs"]
mod client;
#[path = "main/hostile.rs"]
mod hostile;
#[path = "main/http.rs"]
mod http;
#[path = "main/listener.rs"]
mod listener;
#[path = "main/publish.rs"]
mod publish;
#[path = "main/watch.rs"]
mod watch;
#[path = "main/world.rs"]
mod world;
