//! The OpenAPI document of the whole service: what no room can see to by itself.

use utoipa::openapi::{OpenApi, path::Operation};

/// Names each operation by its method and path (`post_reservations_id_decision`): unique, as the OpenAPI specification asks for, and the same
/// whatever a handler is called.
pub fn name_operations(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let words: Vec<&str> = path.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let words = words.join("_");
        let operations: [(&str, &mut Option<Operation>); 8] = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("delete", &mut item.delete),
            ("options", &mut item.options),
            ("head", &mut item.head),
            ("patch", &mut item.patch),
            ("trace", &mut item.trace),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}_{words}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::OpenApi as _;

    #[utoipa::path(get, path = "/things", responses((status = 200)))]
    #[allow(dead_code)]
    async fn list() {}

    #[utoipa::path(post, path = "/things/{id}/withdrawal", params(("id" = String, Path)), responses((status = 204)))]
    #[allow(dead_code)]
    async fn withdraw() {}

    #[derive(utoipa::OpenApi)]
    #[openapi(paths(list, withdraw))]
    struct Document;

    #[test]
    fn operations_are_named_by_method_and_path() {
        let mut document = Document::openapi();
        name_operations(&mut document);
        let id = |operation: &Option<Operation>| operation.as_ref().and_then(|operation| operation.operation_id.clone());
        assert_eq!(id(&document.paths.paths["/things"].get).as_deref(), Some("get_things"));
        assert_eq!(id(&document.paths.paths["/things/{id}/withdrawal"].post).as_deref(), Some("post_things_id_withdrawal"));
    }
}
