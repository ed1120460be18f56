//! The OpenAPI document of the whole service: what no room can see to by itself.

use utoipa::openapi::{
    ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder,
    path::{Operation, PathItem},
};

/// Names each operation by its method and path (`post_reservations_id_decision`): unique, as the OpenAPI specification asks for, and the same
/// whatever a handler is called.
pub fn name_operations(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let words: Vec<&str> = path.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let words = words.join("_");
        for (method, operation) in operations(item) {
            operation.operation_id = Some(format!("{method}_{words}"));
        }
    }
}

/// Names at each operation the refusals that come from no handler of its own: of the edge, of what takes sessions, paths, queries and bodies
/// apart. A handler that says more of one keeps its own words.
pub fn name_common_refusals(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for (method, operation) in operations(item) {
            let with_body = operation.request_body.is_some();
            let taken_apart = with_body || operation.parameters.as_ref().is_some_and(|it| !it.is_empty());
            let with_session = operation.responses.responses.contains_key("401");
            for (status, applies, description) in [
                ("403", with_session, if method == "get" { "A temporary password is to be changed first" } else { OF_UNSAFE_METHODS }),
                ("408", true, "The request did not come to an end in time"),
                ("413", with_body, "The body is too large"),
                ("422", taken_apart, "The path, the query, a header or the body does not have the documented shape"),
                ("503", true, "The store cannot answer now"),
            ] {
                if applies {
                    operation.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(description)));
                }
            }
        }
    }
}

const OF_UNSAFE_METHODS: &str = "A temporary password is to be changed first, the CSRF token is missing, or the page is a foreign one";

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name("Problem")))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let operations = [
        ("get", item.get.as_mut()),
        ("put", item.put.as_mut()),
        ("post", item.post.as_mut()),
        ("delete", item.delete.as_mut()),
        ("options", item.options.as_mut()),
        ("head", item.head.as_mut()),
        ("patch", item.patch.as_mut()),
        ("trace", item.trace.as_mut()),
    ];
    operations.into_iter().filter_map(|(method, operation)| Some((method, operation?)))
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
    #[test]
    fn each_operation_names_what_its_extractors_and_the_edge_refuse() {
        #[utoipa::path(put, path = "/things", request_body = String, responses((status = 204), (status = 401), (status = 422, description = "Own words")))]
        #[allow(dead_code)]
        async fn change() {}
        #[derive(utoipa::OpenApi)]
        #[openapi(paths(list, change))]
        struct Document;

        let mut document = Document::openapi();
        name_common_refusals(&mut document);
        let things = &document.paths.paths["/things"];
        let statuses = |operation: &Option<Operation>| operation.as_ref().unwrap().responses.responses.keys().cloned().collect::<Vec<_>>();
        assert_eq!(statuses(&things.get), ["200", "408", "503"]);
        assert_eq!(statuses(&things.put), ["204", "401", "403", "408", "413", "422", "503"]);
        let RefOr::T(own) = &things.put.as_ref().unwrap().responses.responses["422"] else { panic!("no answer") };
        assert_eq!(own.description, "Own words");
    }
}
