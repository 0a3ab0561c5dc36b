//! A line in Spanish, told as conversations: what its customers, people and subscribers read.

use relay::domain::language::Language;
use relay::domain::line::{Line, Voice};
use relay::domain::opt_out::Cause;

use crate::support::world::{IN_HOURS, Phone, World, example, minutes, number, seconds};

fn line() -> Line {
    let mut line = example();
    line.language = Language::Spanish;
    line.voice = Some(Voice::speaking(line.language, &line.country));
    line.policy.alert = Some(number("+16195550112"));
    line.notices.topics[0].about = "nuevos eventos".to_owned();
    line
}

async fn world() -> World {
    let world = World::with(line(), IN_HOURS).await;
    world.set_fallback_url();
    world
}

fn ana(world: &World) -> Phone<'_> {
    world.phone("+16195550107")
}

fn ben(world: &World) -> Phone<'_> {
    world.phone("+16195550108")
}

/// Until nothing that was set up for later is left.
async fn later(world: &World) {
    world.advance(minutes(130)).await;
}

#[tokio::test]
async fn two_customers_are_told_apart_by_a_question_or_a_tag() {
    let world = world().await;
    ana(&world).texts("¿Está lista la lancha?").await;
    world.sergio().receives("¿Está lista la lancha?");
    ben(&world).texts("¿Hay diésel?").await;
    world.sergio().receives("¿Hay diésel?");
    world.sergio().texts("Sí, a las cinco").await;
    assert_eq!(
        world.sergio().reads(),
        "¿Para quién es \"Si, a las cinco\"? 1 = 0108 \"¿Hay diésel?\" 2 = 0107 \"¿Esta lista la lancha?\" \
         Responde con la cifra, o 0 para nadie."
    );
    world.sergio().texts("el segundo").await;
    ana(&world).receives("Sí, a las cinco");
    world.sergio().texts("0108 y claro que hay").await;
    ben(&world).receives("claro que hay");
    ana(&world).receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn a_customer_whom_nobody_answers_is_reminded_of_and_passed_on() {
    let mut line = line();
    line.policy.answer_within = Some(minutes(15));
    // Nobody is told in a week that it was taken.
    line.policy.alert = None;
    let world = World::with(line, IN_HOURS).await;
    ana(&world).texts("¿Está lista?").await;
    world.sergio().receives("¿Está lista?");
    world.advance(minutes(15)).await;
    assert_eq!(
        world.sergio().reads(),
        "+16195550107 espera respuesta desde las 10:00 AM: \"¿Esta lista?\" Contesta o manda RECIBIDO 0107, \
         o pasa a Backup."
    );
    world.sergio().texts("Pasar 0107 a Backup").await;
    world
        .sergio()
        .receives("Backup tiene ahora a +16195550107 y recibe sus mensajes recientes.");
    assert_eq!(
        world.backup().reads(),
        "Sergio te pasa a +16195550107.\nCliente: ¿Está lista?"
    );
    world.advance(minutes(15)).await;
    world
        .backup()
        .receives("espera respuesta desde las 10:15 AM");
    world.backup().texts("Recibido 0107").await;
    world.backup().receives("Tienes a +16195550107.");
    world.backup().texts("listo 0107").await;
    world.backup().receives("0107 queda listo: ya no espera.");
    ana(&world).receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn a_person_goes_away_and_comes_back_in_either_language() {
    let world = world().await;
    world.sergio().texts("Fuera hasta las 5").await;
    world
        .sergio()
        .receives("Quedas fuera hasta las 5:00 PM. Los mensajes llegan a Backup.");
    ana(&world).texts("Hola").await;
    world.backup().receives("Hola");
    world.sergio().texts("¡Volví!").await;
    world.sergio().receives("Tienes turno hasta las 6:00 PM.");
    world.sergio().texts("away 2h").await;
    world.sergio().receives("Quedas fuera hasta las 12:00 PM.");
    world.sergio().texts("back").await;
    world.sergio().receives("Tienes turno");
    world.owner().texts("¿Quién?").await;
    world
        .owner()
        .receives("qdn: Los mensajes llegan a Sergio, luego a Backup. Esperan: 0107.");
    world.backup().texts("Ya te atiendo").await;
    ana(&world).receives("Ya te atiendo");
    later(&world).await;
}

#[tokio::test]
async fn what_people_say_to_customers_is_no_command_and_what_is_nearly_one_reaches_nobody() {
    let world = world().await;
    ana(&world).texts("¿Dónde dejo la caja?").await;
    world.sergio().receives("caja");
    world.sergio().texts("Fuera").await;
    world
        .sergio()
        .receives("¿Para quién es \"Fuera\"? 1 = 0107 \"¿Donde dejo la caja?\" 2 = quedas fuera.");
    world.sergio().texts("1").await;
    ana(&world).receives("Fuera");
    for words in [
        "Listo, gracias",
        "Listo",
        "recibido",
        "lo tengo",
        "baja",
        "Alto",
    ] {
        world.sergio().texts(words).await;
        ana(&world).receives(words);
    }
    world.sergio().receives_nothing();
    world.sergio().texts("feura").await;
    world.sergio().receives(
        "No enviado. ¿Quisiste decir FUERA? Escribe FUERA, FUERA 2H, FUERA HASTA LAS 5 o FUERA HASTA LUN 8:00.",
    );
    ana(&world).receives_nothing();
    // While a customer waits, a word that both understand is asked about.
    ana(&world).texts("¿Ya?").await;
    world.sergio().receives("¿Ya?");
    world.sergio().texts("listo").await;
    world
        .sergio()
        .receives("¿Para quién es \"listo\"? 3 = 0107 \"¿Ya?\" 4 = el cliente queda listo.");
    world.sergio().texts("nadie").await;
    world.sergio().receives("Descartado, no llega a nadie");
    ana(&world).receives_nothing();
    world.sergio().texts("0107 ya").await;
    ana(&world).receives("ya");
    later(&world).await;
}

#[tokio::test]
async fn a_line_in_english_understands_spanish_and_answers_in_english() {
    let world = World::at(IN_HOURS).await;
    world.sergio().texts("fuera hasta mañana a las 9").await;
    world
        .sergio()
        .receives("You are away until Tue 9:00 AM. Texts go to Backup.");
    world.sergio().texts("de vuelta").await;
    world.sergio().receives("You are on duty until 6:00 PM.");
    ana(&world).texts("Is it ready?").await;
    world.sergio().receives("Is it ready?");
    world.sergio().texts("Listo").await;
    world
        .sergio()
        .receives("Who is \"Listo\" for? 1 = 0107 \"Is it ready?\" 2 = it is done.");
    world.sergio().texts("1").await;
    ana(&world).receives("Listo");
    later(&world).await;
}

#[tokio::test]
async fn subscribers_join_and_leave_in_spanish() {
    let world = world().await;
    ana(&world).texts("events").await;
    assert_eq!(
        ana(&world).reads(),
        "qdn: desde ahora recibe avisos sobre nuevos eventos. Cantidad variable; puede haber cargos. Responda \
         STOP EVENTS o STOP para cancelar, HELP para ayuda."
    );
    ana(&world).texts("Baja events").await;
    ana(&world).receives(
        "qdn: ya no recibe avisos sobre nuevos eventos. Responda EVENTS para recibirlos otra vez.",
    );
    world.sergio().receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn who_is_asked_first_says_si() {
    let mut line = line();
    line.notices.topics[0].confirm = true;
    let world = World::with(line, IN_HOURS).await;
    ana(&world).texts("events").await;
    ana(&world)
        .receives("qdn: ¿quiere recibir avisos sobre nuevos eventos? Responda SI en 24 horas.");
    ana(&world).texts("Sí").await;
    ana(&world).receives("qdn: desde ahora recibe avisos sobre nuevos eventos.");
    world.sergio().receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn an_opt_out_in_spanish_is_heeded_though_twilio_does_not_know_it() {
    let world = world().await;
    ana(&world).texts("Alto").await;
    world
        .sergio()
        .receives("Alto\n(ya no quiere mensajes y no los recibe: llama)");
    let opt_outs = world.relay().store.opt_outs(&world.line.number).await;
    let causes: Vec<Cause> = opt_outs
        .unwrap()
        .0
        .into_values()
        .map(|out| out.by)
        .collect();
    assert_eq!(causes, [Cause::Word("ALTO".to_owned())]);
    world.sergio().texts("0107 perdone").await;
    world.sergio().receives(
        "\"perdone\" no ha llegado a tu cliente: no quiere mensajes: llama al +16195550107.",
    );
    ana(&world).receives_nothing();
    ana(&world).texts("Iniciar").await;
    world.sergio().receives("(ya puede recibir mensajes)");
    world.sergio().texts("0107 gracias").await;
    ana(&world).receives("gracias");
    later(&world).await;
}

#[tokio::test]
async fn a_missed_call_is_told_of_in_spanish() {
    let world = world().await;
    let call = ana(&world).calls().await;
    world.advance(seconds(10)).await;
    call.hangs_up().await;
    world.advance(minutes(1)).await;
    world
        .sergio()
        .receives("Llamada perdida 10:00 AM, se ha llamado a Sergio.");
    world.sergio().texts("¿Me llamó usted?").await;
    ana(&world).receives("¿Me llamó usted?");
    world.advance(minutes(20)).await;
    world.backup().receives_nothing();
}
