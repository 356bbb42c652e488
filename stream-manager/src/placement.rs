//! Which node takes the next stream. Pure.

use crate::MediaNode;

/// The node with the fewest streams, among equals the one with the fewest watchers.
pub(crate) fn place(nodes: &[MediaNode]) -> Option<&MediaNode> {
    nodes.iter().min_by_key(|node| (node.streams, node.watchers, node.node))
}

#[cfg(test)]
mod tests {
    use domain::NodeId;

    use super::*;

    fn node(streams: u32, watchers: u32) -> MediaNode {
        let base_url = "http://127.0.0.1:8080".parse().expect("an address");
        MediaNode { node: NodeId::new(), base_url, streams, watchers }
    }

    #[test]
    fn the_node_with_the_fewest_streams_then_watchers_takes_the_next() {
        let nodes = [node(2, 0), node(1, 900), node(1, 20)];
        assert_eq!(place(&nodes), Some(&nodes[2]));
        assert_eq!(place(&[]), None);
    }
}
